package liveview

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"tcpwarm/analyze/report/printable"
)

// redraw is how often the latest Snapshot is looked for.
const redraw = 200 * time.Millisecond

// mostFilter is how many characters may be typed.
const mostFilter = 60

// A model is the screen's state.
type model struct {
	Options
	watch *Watch
	title string

	width, height int
	snap          *Snapshot
	paused        bool
	typing        bool // the filter
	filter        string
	sort          Sort
	pool          string // label of the chosen one, "" the first
	note          string // instead of the keys, until the next is pressed
}

// looked says that the latest Snapshot is to be looked for.
type looked struct{}

func again() tea.Cmd { return tea.Tick(redraw, func(time.Time) tea.Msg { return looked{} }) }

// Init is as tea.Model has it.
func (m *model) Init() tea.Cmd { return again() }

// Update is as tea.Model has it.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case looked:
		if !m.paused {
			m.snap = m.watch.Latest()
		}
		return m, again()
	case tea.PasteMsg:
		if m.typing {
			m.typed(msg.Content)
		}
	case tea.KeyPressMsg:
		m.note = ""
		if msg.String() == "ctrl+c" {
			m.End()
		} else if m.typing {
			m.typeKey(msg)
		} else {
			m.press(msg)
		}
		m.watch.Ask(Question{m.filter, m.sort, m.pool})
	}
	return m, nil
}

// press does what a key is for.
func (m *model) press(key tea.KeyPressMsg) {
	switch key.String() {
	case "q":
		if m.Leave != nil {
			m.Leave()
		} else {
			m.End()
		}
	case "s":
		m.sort = (m.sort + 1) % sorts
		m.note = "sorted by: " + m.sort.String()
	case "/":
		m.typing = true
	case "esc":
		m.filter = ""
	case "space", "p":
		m.paused = !m.paused
	case "w":
		m.note = m.save()
	case "up", "k":
		m.choose(m.chosen() - 1)
	case "down", "j":
		m.choose(m.chosen() + 1)
	case "pgup":
		m.choose(m.chosen() - 10)
	case "pgdown":
		m.choose(m.chosen() + 10)
	case "home", "g":
		m.choose(0)
	case "end", "G":
		m.choose(len(m.snap.Pools) - 1)
	}
}

// typeKey takes a key of the filter.
func (m *model) typeKey(key tea.KeyPressMsg) {
	switch key.String() {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.filter = false, ""
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-n]
	default:
		m.typed(key.Text)
	}
}

// typed adds to the filter what can be shown of text.
func (m *model) typed(text string) {
	for _, r := range text {
		if unicode.IsPrint(r) && utf8.RuneCountInString(m.filter) < mostFilter {
			m.filter += string(r)
		}
	}
}

// chosen is the place of the chosen pool.
func (m *model) chosen() int {
	return max(0, slices.IndexFunc(m.snap.Pools, func(p Pool) bool { return p.Label == m.pool }))
}

func (m *model) choose(i int) {
	if n := len(m.snap.Pools); n > 0 {
		m.pool = m.snap.Pools[max(0, min(i, n-1))].Label
	}
}

// save writes the screen's data down, and says what came of it.
func (m *model) save() string {
	name, err := m.Save(m.text())
	if err != nil {
		return "not saved: " + printable.Clean(err.Error())
	}
	return "saved in " + printable.Clean(name)
}

// Sizes of what is saved, in which nothing has to be left out.
const (
	savedWidth = 160
	manyLines  = mostPools + mostLanes + mostCauses
)

// text is all that the screen would show if it were large enough.
func (m *model) text() string {
	whole := *m
	whole.width, whole.pool = savedWidth, m.snap.Shown
	all := whole.head()
	all = append(all, whole.table(manyLines)...)
	if n := len(m.snap.Lanes); n > 0 {
		all = append(all, whole.lanes(n)...)
	}
	all = append(all, whole.causes(manyLines)...)
	all = append(all, whole.found())
	var b []byte
	for _, l := range all {
		b = append(b, l.text...)
		b = append(b, '\n')
	}
	return string(b)
}

// View is as tea.Model has it.
func (m *model) View() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	if m.width > 0 && m.height > 0 {
		v.Content = paint(m.lines(), m.width, m.Color)
	}
	return v
}
