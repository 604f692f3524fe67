package pool

import "testing"

// A status is one after which nothing follows where requests have followed others, of which none asks for another request
// itself.
func TestEndsAfter(t *testing.T) {
	never := Status{Status: 404, Left: 3}
	for _, x := range []struct {
		claim string
		of    Statuses
		want  bool
	}{
		{"others are followed", Statuses{Of: []Status{{Status: 200, Followed: 1}, never}}, true},
		{"others are not followed", Statuses{Of: []Status{{Status: 200, Left: 2}, never}}, false},
		{"others ask for what follows", Statuses{Of: []Status{{Status: 302, Followed: 9}, never}}, false},
		{"it is followed, too", Statuses{Of: []Status{{Status: 200, Followed: 1}, {Status: 404, Followed: 1, Left: 3}}}, false},
		{"it is alone", Statuses{Of: []Status{never}}, false},
		{"not all are counted", Statuses{Of: []Status{{Status: 200, Followed: 1}, never}, More: true}, false},
	} {
		if x.of.EndsAfter(404) != x.want {
			t.Errorf("%s: %v", x.claim, !x.want)
		}
	}
	if s := (Statuses{Of: []Status{{Status: 200, Followed: 1}}}); s.EndsAfter(0) {
		t.Error("of a status that is not known")
	}
}
