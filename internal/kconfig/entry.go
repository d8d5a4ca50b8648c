package kconfig

import (
	"fmt"
	"strings"
)

// config parses "config NAME". After an error its attributes go to an entry
// that is not part of the tree, so that they are checked all the same.
func (p *parser) config(first token, kind Kind) {
	name := p.name(first.text)
	p.end()
	if name == "" {
		p.entry = &Node{Kind: kind, Symbol: &Symbol{}, scope: p.tree.Root.scope}
		return
	}
	n := p.add(kind, first)
	s := p.word(name)
	if !s.Defined() {
		s.id = len(p.tree.Symbols)
		p.tree.Symbols = append(p.tree.Symbols, s)
	}
	s.Nodes = append(s.Nodes, n)
	n.Symbol = s
	if ch := p.inChoice(); ch != nil {
		p.join(ch, s, n)
	}
}

// join makes a symbol a member of a choice.
func (p *parser) join(ch *Choice, s *Symbol, n *Node) {
	if s.Choice == ch {
		return
	}
	if s.Choice != nil {
		p.fail(n.Span, fmt.Sprintf("%s is a member of the choice at %s already", s.Name, s.Choice.Span()))
		return
	}
	s.Choice = ch
	ch.Members = append(ch.Members, s)
}

// name parses the name that a statement defines; it is empty after an error.
func (p *parser) name(statement string) string {
	if !p.more() || p.peek().kind != tokenWord {
		p.fail(p.here(), fmt.Sprintf("expected a name after %s", statement))
		return ""
	}
	at := p.here()
	name := p.take().text
	switch {
	case name == "y" || name == "m" || name == "n":
		p.fail(at, fmt.Sprintf("%s is a constant and cannot be defined", name))
	case strings.Contains(name, "/"):
		p.fail(at, fmt.Sprintf("the name %s has a slash; names are letters, digits, _, . and -", name))
	case strings.Trim(name, "0123456789.-") == "":
		p.fail(at, fmt.Sprintf("the name %s is a number", name))
	default:
		return name
	}
	return ""
}

// attribute parses a line of the current entry.
func (p *parser) attribute(first token) {
	attribute, ok := attributes[first.text]
	if !ok {
		p.unknownStatement(first)
		return
	}
	if attribute.unsupported != "" {
		p.fail(p.span(first), attribute.unsupported)
		p.skipHelp(first)
		return
	}
	if p.entry == nil {
		p.fail(p.span(first), fmt.Sprintf("%s does not belong to any entry", first.text))
		p.skipHelp(first)
		return
	}
	if !attribute.of.has(p.entry.Kind) {
		p.fail(p.span(first), fmt.Sprintf("a %s cannot have %s", p.entry.Kind, article(first.text)))
		p.skipHelp(first)
		return
	}
	attribute.parse(p, first)
}

func article(attribute string) string {
	switch attribute {
	case "help", "depends", "visible":
		return `"` + attribute + `"`
	case "int", "imply":
		return "an " + attribute
	default:
		return "a " + attribute
	}
}

// skipHelp steps over a text that would be read as statements.
func (p *parser) skipHelp(first token) {
	if strings.Trim(first.text, "-") == "help" {
		p.lexer.help()
	}
}

func (p *parser) unknownStatement(first token) {
	message := fmt.Sprintf("unknown statement %s", first)
	if near := nearestKeyword(first.text); near != "" {
		message += "; did you mean " + near + "?"
	}
	p.fail(p.span(first), message)
	// Most likely a statement like "confg NAME": what follows is not the
	// previous entry's.
	if first.col == 1 {
		p.entry = &Node{Kind: KindConfig, Symbol: &Symbol{}, scope: p.tree.Root.scope}
	}
}
