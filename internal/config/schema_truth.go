package config

import (
	"strconv"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// truth says over the JSON when an expression holds, what is not in the JSON
// having its default.
func (d *description) truth(e *kconfig.Expr) formula {
	if e == nil {
		return always(true)
	}
	switch e.Op {
	case kconfig.OpSymbol:
		return d.truthOf(e.Symbol)
	case kconfig.OpNot:
		return not(d.truth(e.Left))
	case kconfig.OpAnd:
		return and(d.truth(e.Left), d.truth(e.Right))
	case kconfig.OpOr:
		return or(d.truth(e.Left), d.truth(e.Right))
	}
	return d.comparison(e)
}

func (d *description) truthOf(s *kconfig.Symbol) formula {
	switch {
	case !s.Defined():
		return always(s.Constant() && s.Name == "y")
	case s.Choice != nil:
		return d.memberTruth(s)
	case s.Type != kconfig.Bool:
		return always(false)
	case len(s.SelectedBy)+len(s.ImpliedBy) > 0:
		panic(inexpressible{"a condition on a symbol that others select", s.Span()})
	}
	return d.value(d.byName[s.Name], object{{"const", true}}, d.firstDefault(s.Defaults, d.truth))
}

func (d *description) memberTruth(m *kconfig.Symbol) formula {
	f := d.byName[m.Name]
	byDefault := d.firstDefault(f.Choice.Defaults, func(e *kconfig.Expr) formula { return always(e.Symbol == m) })
	if len(f.Choice.Defaults) == 0 {
		byDefault = always(f.Choice.Members[0] == m)
	}
	return and(d.visibility(f), d.value(f, object{{"const", f.valueOf(m)}}, byDefault))
}

// firstDefault is what the first default that holds says.
func (d *description) firstDefault(defaults []*kconfig.Default, says func(*kconfig.Expr) formula) formula {
	result, before := always(false), always(true)
	for _, def := range defaults {
		holds := and(d.truth(def.If), d.conjunction(def.Node.Dependencies()))
		result = or(result, and(before, and(holds, says(def.Value))))
		before = and(before, not(holds))
	}
	return result
}

// value holds if the field's value in the JSON matches, or there is none and
// its default does.
func (d *description) value(f *Field, matches object, byDefault formula) formula {
	if byDefault.is(true) || byDefault.is(false) {
		return at(f.Path, matches, byDefault.is(true))
	}
	absent := not(at(f.Path, object{}, false))
	return or(at(f.Path, matches, false), and(absent, byDefault))
}

// comparison is one of a symbol with a constant.
func (d *description) comparison(e *kconfig.Expr) formula {
	s, constant := e.Left.Symbol, e.Right.Symbol
	if !s.Defined() || constant.Defined() {
		panic(inexpressible{"a comparison of anything but a symbol with a constant", e.Span})
	}
	number, err := strconv.Atoi(constant.Name)
	f := d.byName[s.Name]
	var want any
	switch equality := e.Op == kconfig.OpEqual || e.Op == kconfig.OpUnequal; {
	case s.Type == kconfig.Bool && equality && (constant.Name == "y" || constant.Name == "n"):
		if (constant.Name == "y") == (e.Op == kconfig.OpEqual) {
			return d.truthOf(s)
		}
		return not(d.truthOf(s))
	case s.Type == kconfig.Int && err == nil:
		want = number
	case s.Type == kconfig.String && equality && err != nil:
		want = constant.Name
	default:
		panic(inexpressible{"this comparison", e.Span})
	}
	matches := map[kconfig.Op]object{
		kconfig.OpEqual:        {{"const", want}},
		kconfig.OpUnequal:      {{"not", object{{"const", want}}}},
		kconfig.OpLess:         {{"exclusiveMaximum", want}},
		kconfig.OpLessEqual:    {{"maximum", want}},
		kconfig.OpGreater:      {{"exclusiveMinimum", want}},
		kconfig.OpGreaterEqual: {{"minimum", want}},
	}[e.Op]
	return d.value(f, matches, d.firstDefault(s.Defaults, func(value *kconfig.Expr) formula {
		if value.Op != kconfig.OpSymbol || value.Symbol.Defined() {
			panic(inexpressible{"a default that another symbol gives", value.Span})
		}
		return always(compares(e.Op, value.Symbol.Name, want))
	}))
}

func compares(op kconfig.Op, value string, want any) bool {
	order := 0
	switch w := want.(type) {
	case string:
		if value != w {
			order = 1
		}
	case int:
		n, _ := strconv.Atoi(value)
		order = n - w
	}
	switch op {
	case kconfig.OpEqual:
		return order == 0
	case kconfig.OpUnequal:
		return order != 0
	case kconfig.OpLess:
		return order < 0
	case kconfig.OpLessEqual:
		return order <= 0
	case kconfig.OpGreater:
		return order > 0
	}
	return order >= 0
}
