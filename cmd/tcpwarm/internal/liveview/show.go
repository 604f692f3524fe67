package liveview

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"tcpwarm/analyze/report/printable"
)

// Options say how a View is shown. All are needed.
type Options struct {
	Title   string
	In, Out *os.File // a terminal's
	Color   bool
	End     func() // asks for the capture's end, as Ctrl-C does
	Save    func(text string) (name string, err error)
}

// A View is shown on a terminal until it is closed.
type View struct {
	program *tea.Program
	in      *os.File
	was     *term.State
	guard   *guard // nil: there is none
	ended   chan struct{}
	once    sync.Once
}

// closing is how long a terminal may take to be given back: one whose output is held up by Ctrl-S takes nothing.
const closing = 200 * time.Millisecond

// Show begins to show w. Close gives the terminal back; so does the signal SIGQUIT, before it does what it does,
// and, where the program calls Guard first of all, whatever else may end it.
func Show(w *Watch, o Options) (*View, error) {
	was, err := term.GetState(int(o.In.Fd()))
	if err != nil {
		return nil, err
	}
	m := &model{Options: o, watch: w, title: printable.Clean(o.Title), snap: w.Latest()}
	v := &View{in: o.In, was: was, ended: make(chan struct{})}
	v.guard, _ = startGuard(o.In, o.Out) // without one the view is as good while nothing goes wrong
	v.program = tea.NewProgram(m, tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler(), tea.WithFPS(20))
	go func() {
		defer close(v.ended)
		v.program.Run() // its error is that the terminal is gone: the capture goes on without it
	}()
	go v.quit()
	return v, nil
}

// quit gives the terminal back before SIGQUIT ends the program.
func (v *View) quit() {
	quits := make(chan os.Signal, 1)
	signal.Notify(quits, syscall.SIGQUIT)
	defer signal.Stop(quits)
	select {
	case <-v.ended:
	case <-quits:
		v.Close()
		signal.Reset(syscall.SIGQUIT)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Signal(syscall.SIGQUIT)
		}
	}
}

// Close ends the view and gives the terminal back as it was. It may be called more than once, also while another
// call has not returned, and of nil.
func (v *View) Close() {
	if v == nil {
		return
	}
	v.once.Do(func() {
		go v.program.Quit()
		select {
		case <-v.ended:
		case <-time.After(closing):
			v.program.Kill()
			select {
			case <-v.ended:
			case <-time.After(closing):
			}
		}
		term.Restore(int(v.in.Fd()), v.was)
		v.guard.release()
	})
}
