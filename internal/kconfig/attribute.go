package kconfig

import "fmt"

// attribute is what may follow an entry: the kinds of entries it may follow,
// and how it is parsed, or why it is not supported.
type attribute struct {
	of          kinds
	parse       func(*parser, token)
	unsupported string
}

// kinds is a set of kinds of entries.
type kinds uint

func (k kinds) has(kind Kind) bool { return k&(1<<kind) != 0 }

const (
	ofConfig    kinds = 1<<KindConfig | 1<<KindMenuconfig
	ofPrompted        = ofConfig | 1<<KindChoice
	ofDependent       = ofPrompted | 1<<KindMenu | 1<<KindComment
	ofMenu      kinds = 1 << KindMenu
)

const noTristate = "tristates and modules are not supported; use bool"

// attributes is never changed: Go has no constant maps.
var attributes = map[string]attribute{
	"bool":        {of: ofPrompted, parse: typed(Bool)},
	"int":         {of: ofConfig, parse: typed(Int)},
	"hex":         {of: ofConfig, parse: typed(Hex)},
	"string":      {of: ofConfig, parse: typed(String)},
	"def_bool":    {of: ofConfig, parse: typedDefault(Bool)},
	"def_int":     {of: ofConfig, parse: typedDefault(Int)},
	"def_hex":     {of: ofConfig, parse: typedDefault(Hex)},
	"def_string":  {of: ofConfig, parse: typedDefault(String)},
	"prompt":      {of: ofPrompted, parse: (*parser).prompt},
	"default":     {of: ofPrompted, parse: (*parser).defaultValue},
	"depends":     {of: ofDependent, parse: (*parser).depends},
	"visible":     {of: ofMenu, parse: (*parser).visibleIf},
	"select":      {of: ofConfig, parse: (*parser).selects},
	"imply":       {of: ofConfig, parse: (*parser).implies},
	"range":       {of: ofConfig, parse: (*parser).rangeOf},
	"help":        {of: ofPrompted, parse: (*parser).help},
	"tristate":    {unsupported: noTristate},
	"boolean":     {unsupported: "boolean was never documented; write bool"},
	"def_boolean": {unsupported: "def_boolean was never documented; write def_bool"},

	"def_tristate": {unsupported: noTristate},
	"modules":      {unsupported: noTristate},
	"optional":     {unsupported: "optional choices are not supported; add a member for none of them"},
	"option":       {unsupported: "option is not supported; Linux has removed it"},
	"transitional": {unsupported: "transitional is not supported"},
	"---help---":   {unsupported: "---help--- is not supported; write help"},
}

func typed(t Type) func(*parser, token) {
	return func(p *parser, first token) {
		p.setType(t, first)
		if p.more() {
			p.prompt(first)
		}
	}
}

func typedDefault(t Type) func(*parser, token) {
	return func(p *parser, first token) {
		p.setType(t, first)
		p.defaultValue(first)
	}
}

// setType gives the symbol its type; the first one stays, as in Linux.
func (p *parser) setType(t Type, first token) {
	if p.entry.Kind == KindChoice {
		return
	}
	s := p.entry.Symbol
	if s.Type == Unknown {
		s.Type = t
	} else if s.Type != t {
		p.warn(p.entry, p.span(first), "%s stays %s; a second type is ignored", s.Name, s.Type)
	}
}

func (p *parser) prompt(first token) {
	if p.entry.hasPrompt {
		p.fail(p.span(first), fmt.Sprintf("the entry has a prompt already, at %s", p.entry.promptSpan))
		return
	}
	p.setPrompt(p.entry)
	p.entry.PromptIf, _ = p.trailing()
}

func (p *parser) defaultValue(first token) {
	value := p.expression()
	if value == nil {
		return
	}
	condition, ok := p.trailing()
	if !ok {
		return
	}
	d := p.defaults.new(Default{Value: value, If: condition, Span: p.span(first), Node: p.entry})
	if p.entry.Kind == KindChoice {
		p.entry.Choice.Defaults = append(p.entry.Choice.Defaults, d)
		return
	}
	p.entry.Symbol.Defaults = append(p.entry.Symbol.Defaults, d)
}

func (p *parser) depends(token) {
	if !p.isWord("on") {
		p.fail(p.here(), `expected "on" after depends`)
		return
	}
	p.take()
	condition := p.expression()
	if condition == nil {
		return
	}
	if only, ok := p.trailing(); ok {
		if only != nil {
			// As of Linux 7.2: the dependency counts only while this holds.
			not := p.exprs.new(Expr{Op: OpNot, Left: only, Span: only.Span})
			condition = p.exprs.new(Expr{Op: OpOr, Left: condition, Right: not, Span: condition.Span})
		}
		n := p.entry
		if n.DependsOn == nil && n.Kind != KindMenu {
			n.scope = p.newScope(n.scope)
		}
		n.DependsOn = append(n.DependsOn, condition)
		n.scope.depends = n.DependsOn
	}
}

func (p *parser) visibleIf(token) {
	if !p.isWord("if") {
		p.fail(p.here(), `expected "if" after visible`)
		return
	}
	if condition, ok := p.trailing(); ok {
		p.entry.VisibleIf = append(p.entry.VisibleIf, condition)
		p.entry.scope.visible = p.entry.VisibleIf
	}
}

func (p *parser) selects(first token) {
	if sel := p.target(first); sel != nil {
		p.entry.Symbol.Selects = append(p.entry.Symbol.Selects, sel)
	}
}

func (p *parser) implies(first token) {
	if sel := p.target(first); sel != nil {
		p.entry.Symbol.Implies = append(p.entry.Symbol.Implies, sel)
	}
}

// target parses what a select or an imply sets; it is nil after an error.
func (p *parser) target(first token) *Select {
	if !p.more() || p.peek().kind != tokenWord || p.isWord("y") || p.isWord("m") || p.isWord("n") {
		p.fail(p.here(), fmt.Sprintf("expected the name of a bool after %s", first.text))
		return nil
	}
	sel := &Select{Source: p.entry.Symbol, Target: p.word(p.take().text), Span: p.span(first), Node: p.entry}
	var ok bool
	if sel.If, ok = p.trailing(); !ok {
		return nil
	}
	return sel
}

func (p *parser) rangeOf(first token) {
	low := p.symbolOperand()
	if low == nil {
		return
	}
	high := p.symbolOperand()
	if high == nil {
		return
	}
	if condition, ok := p.trailing(); ok {
		p.entry.Symbol.Ranges = append(p.entry.Symbol.Ranges,
			&Range{Low: low, High: high, If: condition, Span: p.span(first), Node: p.entry})
	}
}

func (p *parser) help(first token) {
	p.end()
	text := p.lexer.help()
	if text == "" {
		p.warn(p.entry, p.span(first), "the help text is empty")
		return
	}
	if p.entry.Help != "" {
		p.fail(p.span(first), "the entry has a help text already")
		return
	}
	p.entry.Help = text
}
