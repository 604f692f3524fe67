package conn

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// archives calls f with the scripts of the archives of some kind, * of each.
func archives(t *testing.T, kind string, f func(path string, s *script.Script)) {
	names, err := filepath.Glob(filepath.Join("..", "testdata", kind, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range names {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a, err := script.ParseArchive(string(b))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		f(path, a.Script)
	}
}

// A place is where something of a type lies.
type place struct {
	at unsafe.Pointer
	t  reflect.Type
}

// A leads looks for pointers into some memory that are not in it.
type leads struct {
	parts []compact.Part
	seen  map[place]bool
	found string
}

// where they do not look: what a connection has in common with others.
var common = map[reflect.Type]bool{
	reflect.TypeFor[Env](): true, reflect.TypeFor[Budget](): true, reflect.TypeFor[app.Readers](): true, reflect.TypeFor[Identity](): true,
}

// look looks at v, which lies in the parts or not, and at all it leads to.
func (l *leads) look(v reflect.Value, path string, inside bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !common[v.Type().Elem()] {
			l.to(v.Elem(), path, inside)
		}
	case reflect.Interface:
		if !v.IsNil() {
			l.look(v.Elem(), path, inside)
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k < reflect.Array || k == reflect.String {
			return
		}
		for i := range v.Len() {
			l.element(v.Index(i), path, inside) // where there are pointers, a list is packed with what it belongs to
		}
	case reflect.Struct:
		for i := range v.NumField() {
			l.look(v.Field(i), path+"."+v.Type().Field(i).Name, inside)
		}
	case reflect.Array:
		for i := range v.Len() {
			l.look(v.Index(i), path, inside)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			l.look(it.Value(), path, inside)
		}
	case reflect.Func:
		if !v.IsNil() && !inside {
			l.found = path + ": a function may lead anywhere"
		}
	}
}

// to looks at what a pointer leads to.
func (l *leads) to(v reflect.Value, path string, inside bool) {
	at := unsafe.Pointer(v.UnsafeAddr())
	into := compact.Within(l.parts, at)
	if into && !inside {
		l.found = path
	}
	if l.seen[place{at, v.Type()}] {
		return
	}
	l.seen[place{at, v.Type()}] = true
	l.look(v, path, into)
}

// element looks at a list's, which lies where the list does.
func (l *leads) element(v reflect.Value, path string, inside bool) {
	at := unsafe.Pointer(v.UnsafeAddr())
	if inside = inside || compact.Within(l.parts, at); !l.seen[place{at, v.Type()}] {
		l.seen[place{at, v.Type()}] = true
		l.look(v, path, inside)
	}
}

// Nothing leads into a connection that can be packed but what is packed with it: it will lie elsewhere.
func TestNothingLeadsIntoPacked(t *testing.T) {
	can, cannot := 0, 0
	archives(t, "*", func(path string, s *script.Script) {
		all := s.Segments()
		conns := map[segment.Key]*fed{}
		for i := range all {
			g := &all[i]
			f := conns[g.Key]
			if f == nil {
				f = newFed()
				conns[g.Key] = f
			}
			f.segment(g)
			if !f.CanPack() {
				cannot++
				continue
			}
			if can++; can%4 > 0 && i < len(all)-1 { // to look at all takes long
				continue
			}
			c := &f.Conn
			sink, id := c.sink, c.id
			c.sink, c.id = nil, nil
			l := leads{parts: c.parts(nil), seen: map[place]bool{}}
			l.look(reflect.ValueOf(c).Elem(), "Conn", true)
			if l.found != "" {
				t.Fatalf("%s, segment %d: %s", path, i+1, l.found)
			}
			c.sink, c.id = sink, id
		}
	})
	if can < 1000 || can < cannot {
		t.Errorf("%d times a connection can be packed, %d times not", can, cannot)
	}
}

// A half is as it was once its connection has been packed, and unpacked to what has been another: all checks of the scripts
// hold with that after every segment.
func TestHalvesArePacked(t *testing.T) {
	store := Store{Packer: new(compact.Packer)}
	packed := 0
	archives(t, "*", func(path string, s *script.Script) {
		f, before := newFed(), new(Conn)
		s.Each(func(g *segment.Segment) {
			f.segment(g)
			if !f.CanPack() {
				return
			}
			packed++
			memory, last := f.Memory(), f.Last().Packet
			p := f.Pack(&store, f.last.Time)
			if p.LastPacket(0) != last {
				t.Fatalf("%s, packet %d: packed, the latest packet is %d", path, g.Packet, p.LastPacket(0))
			}
			if p.Memory() > memory {
				t.Fatalf("%s, packet %d: %d bytes, and %d when packed", path, g.Packet, memory, p.Memory())
			}
			f.Conn, *before = *before, f.Conn // it goes on elsewhere
			f.Resume(&p, &store, &f.env, &f.env.Readers, &f.id, f, f.budget)
		}, func(k script.Check) {
			for _, p := range k.Pairs {
				if filepath.Base(filepath.Dir(path)) != "half" {
					continue
				}
				if got := f.value(&f.half[k.Dir], p.Name); got != p.Value {
					t.Errorf("%s:%d: %s %s is %s, want %s", path, k.Line, k.To, p.Name, got, p.Value)
				}
			}
		})
	})
	if packed < 1000 {
		t.Errorf("packed %d times", packed)
	}
}

// own notes whose the arrays of lists are that lie in what is packed of a connection.
func (l *leads) own(v reflect.Value, path string, arrays map[unsafe.Pointer]string) {
	switch v.Kind() {
	case reflect.Slice:
		if v.Cap() > 0 {
			arrays[v.UnsafePointer()] = path
		}
	case reflect.Pointer:
		if p := (place{v.UnsafePointer(), v.Type()}); !v.IsNil() && compact.Within(l.parts, p.at) && !l.seen[p] {
			l.seen[p] = true
			l.own(v.Elem(), path, arrays)
		}
	case reflect.Interface:
		if !v.IsNil() {
			l.own(v.Elem(), path, arrays)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			l.own(v.Field(i), path+"."+v.Type().Field(i).Name, arrays)
		}
	case reflect.Array:
		for i := range v.Len() {
			l.own(v.Index(i), path, arrays)
		}
	}
}

// The lists in what is packed are its connection's own, though all connections of a worker are made with the same
// options: to pack a list is to take its strings away.
func TestPackedListsAreNobodyElses(t *testing.T) {
	ignore, err := transaction.ParsePattern("target=/healthz")
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	archives(t, "*", func(path string, s *script.Script) {
		env := Env{KeepTargets: true, Readers: app.Readers{Ignore: transaction.Patterns{ignore}}}
		conns, owner := map[segment.Key]*fed{}, map[unsafe.Pointer]segment.Key{}
		all := s.Segments()
		for i := range all {
			env.Now = all[i].Mark()
			f := conns[all[i].Key]
			if f == nil {
				f = newFed()
				conns[all[i].Key] = f
				f.Reset(&all[i], &env, &env.Readers, &f.id, f, &Budget{Most: 1000, Room: 1 << 20})
			}
			f.Segment(&all[i])
		}
		for key, f := range conns {
			if !f.CanPack() {
				continue
			}
			l, arrays := leads{parts: f.Conn.parts(nil), seen: map[place]bool{}}, map[unsafe.Pointer]string{}
			l.own(reflect.ValueOf(&f.Conn).Elem(), "Conn", arrays)
			lists += len(arrays)
			for at, name := range arrays {
				if of, ok := owner[at]; ok {
					t.Fatalf("%s: %s of %v is also of %v", path, name, key, of)
				}
				owner[at] = key
			}
		}
	})
	if lists < 100 {
		t.Errorf("only %d lists", lists)
	}
}
