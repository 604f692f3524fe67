package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"hash/fnv"
	"slices"
	"strings"
)

// A place is an operator and what it is changed to.
type place struct {
	id     int // in the sample, from 1
	file   *file
	node   ast.Node
	pos    token.Pos // of the operator
	from   string
	to     string
	fn     string // function or method that it is in
	text   string // its line, trimmed
	nth    int    // of those alike in the line
	render renderer
}

// change says what is done, as equivalent.txt has it.
func (p *place) change() string {
	s := p.from + " to " + p.to
	if p.nth > 1 {
		s += fmt.Sprintf(" (%d)", p.nth)
	}
	return s
}

// key is what a place is known by: nothing of where it stands.
func (p *place) key() string { return p.fn + "\x00" + p.text + "\x00" + p.change() }

// order is where a place stands in the draw of seed.
func (p *place) order(seed string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(seed + "\x00" + p.key()))
	v := h.Sum64() // the last bytes hardly reach FNV's high bits
	v = (v ^ v>>32) * 0x9E3779B97F4A7C15
	return v ^ v>>29
}

// sample draws n of places.
func sample(places []*place, n int, seed string) []*place {
	drawn := slices.Clone(places)
	slices.SortStableFunc(drawn, func(a, b *place) int { return cmp.Compare(a.order(seed), b.order(seed)) })
	return drawn[:min(n, len(drawn))]
}

// A file is one of the code's files.
type file struct {
	path string // absolute
	dir  string // of its package, absolute
	name string // of its package
	fset *token.FileSet
	tree *ast.File
	src  []byte
	info *types.Info
}

func (f *file) offset(p token.Pos) int { return f.fset.Position(p).Offset }
func (f *file) line(p token.Pos) int   { return f.fset.Position(p).Line }

// lineText returns the line at p, without its indentation and its comment.
func (f *file) lineText(p token.Pos) string {
	from := f.offset(p)
	for from > 0 && f.src[from-1] != '\n' {
		from--
	}
	line, _, _ := strings.Cut(string(f.src[from:]), "\n")
	line, _, _ = strings.Cut(line, " // ")
	return strings.TrimSpace(line)
}

// places returns all that could be changed in f.
func (f *file) places() []*place {
	var all []*place
	fn := ""
	add := func(n ast.Node, pos token.Pos, from, to string, render renderer) {
		all = append(all, &place{file: f, node: n, pos: pos, from: from, to: to, fn: fn,
			text: f.lineText(pos), render: render})
	}
	var parents []ast.Node
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if n == nil {
			parents = parents[:len(parents)-1]
			return true
		}
		parents = append(parents, n)
		switch n := n.(type) {
		case *ast.FuncDecl:
			fn = funcName(n)
		case *ast.GenDecl:
			if len(parents) == 2 {
				fn = n.Tok.String()
			}
		case *ast.BinaryExpr:
			f.binary(n, add)
		case *ast.UnaryExpr:
			if n.Op == token.NOT && f.isBool(n) {
				add(n, n.OpPos, "!", "nothing", negated)
			}
		case *ast.CallExpr:
			f.call(n, add)
		case *ast.ReturnStmt:
			for _, r := range n.Results {
				f.literal(r, add)
			}
		case *ast.AssignStmt:
			if inList(parents) {
				f.assign(n, add)
			}
		case *ast.IncDecStmt:
			if inList(parents) {
				add(n, n.TokPos, n.Tok.String(), opposite[n.Tok], changed)
			}
		}
		return true
	})
	slices.SortStableFunc(all, func(a, b *place) int { return cmp.Compare(a.pos, b.pos) })
	seen := map[string]int{}
	for _, p := range all {
		k := fmt.Sprint(f.line(p.pos), p.from, p.to)
		seen[k]++
		p.nth = seen[k]
	}
	return all
}

type adder = func(n ast.Node, pos token.Pos, from, to string, render renderer)

// opposite is what an operator is changed to.
var opposite = map[token.Token]string{
	token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">", token.EQL: "!=", token.NEQ: "==",
	token.LAND: "||", token.LOR: "&&",
	token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*",
	token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*=",
	token.INC: "--", token.DEC: "++",
}

func (f *file) binary(n *ast.BinaryExpr, add adder) {
	to, ok := opposite[n.Op]
	if !ok || f.isConstant(n) {
		return
	}
	from := n.Op.String()
	switch n.Op {
	case token.EQL, token.NEQ:
		if f.isBool(n) {
			add(n, n.OpPos, from, to, negated)
		}
	case token.ADD, token.SUB, token.MUL, token.QUO:
		if f.isNumber(n) && !shifts(n.X) && !shifts(n.Y) {
			add(n, n.OpPos, from, to, calculated)
		}
	default:
		if f.isBool(n) {
			add(n, n.OpPos, from, to, compared)
		}
	}
}

// call finds min and max, and the comparing methods After and Before of times and
// sequence numbers.
func (f *file) call(n *ast.CallExpr, add adder) {
	switch fun := n.Fun.(type) {
	case *ast.Ident:
		if _, builtin := f.info.Uses[fun].(*types.Builtin); builtin && !f.isConstant(n) && len(n.Args) > 1 {
			switch fun.Name {
			case "min":
				add(n, fun.Pos(), "min", "max", extreme)
			case "max":
				add(n, fun.Pos(), "max", "min", extreme)
			}
		}
	case *ast.SelectorExpr:
		other := map[string]string{"After": "Before", "Before": "After"}[fun.Sel.Name]
		t := f.info.TypeOf(fun.X)
		if other == "" || t == nil || len(n.Args) != 1 || !f.isBool(n) {
			return
		}
		if m, _, _ := types.LookupFieldOrMethod(t, true, nil, other); m != nil {
			add(n, fun.Sel.Pos(), fun.Sel.Name, "not "+other, ordered)
		}
	}
}

func (f *file) literal(r ast.Expr, add adder) {
	id, ok := r.(*ast.Ident)
	if !ok || f.info.Uses[id] == nil || f.info.Uses[id].Parent() != types.Universe || !f.isBool(r) {
		return
	}
	switch id.Name {
	case "true":
		add(r, r.Pos(), "true", "false", constant)
	case "false":
		add(r, r.Pos(), "false", "true", constant)
	}
}

func (f *file) assign(n *ast.AssignStmt, add adder) {
	to, ok := opposite[n.Tok]
	if ok && len(n.Lhs) == 1 && f.isNumber(n.Lhs[0]) {
		add(n, n.TokPos, n.Tok.String(), to, changed)
	}
}

// inList reports whether the last of parents is a statement among others, where an if
// may stand in its place.
func inList(parents []ast.Node) bool {
	if len(parents) < 2 {
		return false
	}
	n := parents[len(parents)-1].(ast.Stmt)
	switch p := parents[len(parents)-2].(type) {
	case *ast.BlockStmt:
		return true
	case *ast.CaseClause:
		return slices.Contains(p.Body, n)
	case *ast.CommClause:
		return slices.Contains(p.Body, n)
	}
	return false
}

func (f *file) isConstant(e ast.Expr) bool { return f.info.Types[e].Value != nil }

// isBool reports whether e is a plain bool.
func (f *file) isBool(e ast.Expr) bool {
	b, ok := f.info.TypeOf(e).(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func (f *file) isNumber(e ast.Expr) bool {
	t := f.info.TypeOf(e)
	if t == nil {
		return false
	}
	if _, parameter := types.Unalias(t).(*types.TypeParam); parameter {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0 && b.Info()&types.IsUntyped == 0
}

// shifts reports whether e is a shift, whose type depends on what it stands in.
func shifts(e ast.Expr) bool {
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	return ok && (b.Op == token.SHL || b.Op == token.SHR || shifts(b.X) || shifts(b.Y))
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}
