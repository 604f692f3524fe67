package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// A rewriter writes a file anew, with the picked places as what mutant switches.
type rewriter struct {
	f  *file
	at map[ast.Node]*place
}

// A renderer writes a place's node.
type renderer func(*rewriter, *place) string

func rewritten(f *file, picked []*place) string {
	r := &rewriter{f, map[ast.Node]*place{}}
	for _, p := range picked {
		r.at[p.node] = p
	}
	return string(f.src[:f.offset(f.tree.Pos())]) + r.inside(f.tree) + string(f.src[f.offset(f.tree.End()):])
}

// whole writes n, with all that is picked.
func (r *rewriter) whole(n ast.Node) string {
	if p := r.at[n]; p != nil {
		return p.render(r, p)
	}
	return r.inside(n)
}

// inside writes n with what is picked inside it.
func (r *rewriter) inside(n ast.Node) string {
	var outermost []ast.Node
	ast.Inspect(n, func(m ast.Node) bool {
		if m == nil || m == n || r.at[m] == nil {
			return true
		}
		outermost = append(outermost, m)
		return false
	})
	slices.SortFunc(outermost, func(a, b ast.Node) int { return int(a.Pos() - b.Pos()) })
	var b strings.Builder
	from := r.f.offset(n.Pos())
	for _, m := range outermost {
		b.Write(r.f.src[from:r.f.offset(m.Pos())])
		b.WriteString(r.whole(m))
		from = r.f.offset(m.End())
	}
	b.Write(r.f.src[from:r.f.offset(n.End())])
	return b.String()
}

// original is n as it stands in the file.
func (r *rewriter) original(n ast.Node) string {
	return string(r.f.src[r.f.offset(n.Pos()):r.f.offset(n.End())])
}

// only evaluates one of two conditions.
func only(p *place, changed, unchanged string) string {
	return fmt.Sprintf("(mutant(%[1]d) && (%[2]s) || !mutant(%[1]d) && (%[3]s))", p.id, changed, unchanged)
}

func compared(r *rewriter, p *place) string {
	n := p.node.(*ast.BinaryExpr)
	return only(p, r.original(n.X)+" "+p.to+" "+r.original(n.Y), r.inside(n))
}

func ordered(r *rewriter, p *place) string {
	n := p.node.(*ast.CallExpr)
	of := n.Fun.(*ast.SelectorExpr)
	other := strings.TrimPrefix(p.to, "not ")
	return only(p, "!"+r.original(of.X)+"."+other+"("+r.original(n.Args[0])+")", r.inside(n))
}

// negated is a condition that becomes its opposite.
func negated(r *rewriter, p *place) string {
	return fmt.Sprintf("(mutant(%d) != (%s))", p.id, r.inside(p.node))
}

func constant(r *rewriter, p *place) string {
	if p.from == "true" {
		return fmt.Sprintf("!mutant(%d)", p.id)
	}
	return fmt.Sprintf("mutant(%d)", p.id)
}

var helpers = map[string]string{
	"+": "mutantAdd", "-": "mutantSub",
	"*": "mutantMul", "/": "mutantDiv", "min": "mutantMin", "max": "mutantMax",
}

func calculated(r *rewriter, p *place) string {
	n := p.node.(*ast.BinaryExpr)
	return fmt.Sprintf("%s(%d, %s, %s)", helpers[p.from], p.id, r.whole(n.X), r.whole(n.Y))
}

func extreme(r *rewriter, p *place) string {
	var args []string
	for _, a := range p.node.(*ast.CallExpr).Args {
		args = append(args, r.whole(a))
	}
	return fmt.Sprintf("%s(%d, %s)", helpers[p.from], p.id, strings.Join(args, ", "))
}

// changed is a statement that changes a variable.
func changed(r *rewriter, p *place) string {
	was := r.inside(p.node)
	switch n := p.node.(type) {
	case *ast.IncDecStmt:
		return fmt.Sprintf("if mutant(%d) { %s%s } else { %s }", p.id, r.original(n.X), p.to, was)
	case *ast.AssignStmt:
		return fmt.Sprintf("if mutant(%d) { %s %s %s } else { %s }", p.id, r.original(n.Lhs[0]), p.to, r.original(n.Rhs[0]), was)
	}
	panic("a statement that changes nothing")
}

// Switch and trace are the environment's variables: the number of the mutant that acts,
// and the file where the places that were come by are noted.
const (
	switchVar = "TCPWARM_MUTANT"
	traceVar  = "TCPWARM_MUTANT_TRACE"
)

// helper is a file of each package with mutants: %s is the package's name, %d how many
// mutants there are.
const helper = `package %s

import (
	"cmp"
	"strconv"
	"sync/atomic"
	"syscall"
)

var mutantNow, mutantTrace = func() (int, string) {
	now, _ := syscall.Getenv("` + switchVar + `")
	trace, _ := syscall.Getenv("` + traceVar + `")
	n, _ := strconv.Atoi(now)
	return n, trace
}()

func mutant(n int) bool {
	if mutantTrace != "" {
		mutantPassed(n)
	}
	return n == mutantNow
}

var mutantsPassed [%d + 1]atomic.Bool

func mutantPassed(n int) {
	if mutantsPassed[n].Load() || mutantsPassed[n].Swap(true) {
		return
	}
	fd, err := syscall.Open(mutantTrace, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o666)
	if err != nil {
		return
	}
	syscall.Write(fd, []byte(strconv.Itoa(n)+"\n"))
	syscall.Close(fd)
}

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

func mutantAdd[T mutantNumber](n int, a, b T) T {
	if mutant(n) {
		return a - b
	}
	return a + b
}

func mutantSub[T mutantNumber](n int, a, b T) T {
	if mutant(n) {
		return a + b
	}
	return a - b
}

func mutantMul[T mutantNumber](n int, a, b T) T {
	if mutant(n) {
		return a / b
	}
	return a * b
}

func mutantDiv[T mutantNumber](n int, a, b T) T {
	if mutant(n) {
		return a * b
	}
	return a / b
}

func mutantMin[T cmp.Ordered](n int, a, b T, more ...T) T {
	m := min(a, b)
	if mutant(n) {
		m = max(a, b)
	}
	for _, c := range more {
		if mutant(n) {
			m = max(m, c)
		} else {
			m = min(m, c)
		}
	}
	return m
}

func mutantMax[T cmp.Ordered](n int, a, b T, more ...T) T {
	m := max(a, b)
	if mutant(n) {
		m = min(a, b)
	}
	for _, c := range more {
		if mutant(n) {
			m = min(m, c)
		} else {
			m = max(m, c)
		}
	}
	return m
}
`
