package kconfig

import (
	"fmt"
	"strings"
)

func (p *parser) menu(first token) {
	if p.inChoice() != nil {
		p.fail(p.span(first), "a choice cannot contain a menu")
	}
	n := p.add(KindMenu, first)
	n.scope = p.newScope(n.scope)
	p.setPrompt(n)
	p.end()
	p.open(n, n.scope)
}

func (p *parser) ifBlock(first token) {
	n := p.add(kindIf, first)
	n.scope = p.newScope(n.scope)
	if condition := p.expression(); condition != nil {
		n.DependsOn = append(n.DependsOn, condition)
		n.scope.depends = n.DependsOn
		p.end()
	}
	p.entry = nil
	p.open(n, n.scope)
}

func (p *parser) choice(first token) {
	if p.inChoice() != nil {
		p.fail(p.span(first), "a choice cannot contain a choice")
	}
	n := p.add(KindChoice, first)
	n.Choice = p.choiceOf(n)
	p.end()
	p.open(n, n.Choice.scope)
}

// choiceOf returns the choice of that name, or a new one.
func (p *parser) choiceOf(n *Node) *Choice {
	name := ""
	if p.more() && p.peek().kind == tokenWord {
		name = p.name("choice")
	}
	ch := p.tree.named[name]
	if name == "" || ch == nil {
		ch = &Choice{Name: name, id: len(p.tree.Choices)}
		ch.scope = p.newScope(nil)
		ch.scope.choice = ch
		p.tree.Choices = append(p.tree.Choices, ch)
	}
	if name != "" {
		p.tree.named[name] = ch
	}
	ch.Nodes = append(ch.Nodes, n)
	return ch
}

func (p *parser) open(n *Node, inside *scope) {
	if len(p.blocks) > maxDepth {
		p.fail(n.Span, fmt.Sprintf("menus, choices and ifs nest deeper than %d", maxDepth))
		p.stopped = true
	}
	p.blocks = append(p.blocks, &block{n, inside})
}

// endBlock closes a block. One that is not the innermost closes those inside,
// which lack their ends.
func (p *parser) endBlock(first token, kind Kind) {
	p.entry = nil
	p.end()
	for i := len(p.blocks) - 1; i >= p.base; i-- {
		if p.blocks[i].node.Kind != kind {
			continue
		}
		for _, inner := range p.blocks[i+1:] {
			p.error(p.span(first), fmt.Sprintf("%s before the end of the %s in line %d",
				first.text, inner.node.Kind, inner.node.Span.Line))
		}
		p.blocks = p.blocks[:i]
		return
	}
	p.fail(p.span(first), fmt.Sprintf("%s closes no %s of this file", first.text, kind))
}

func (p *parser) comment(first token) {
	n := p.add(KindComment, first)
	p.setPrompt(n)
	p.end()
}

func (p *parser) mainmenu(first token) {
	p.entry = nil
	root := p.tree.Root
	if root.Prompt != "" {
		p.fail(p.span(first), fmt.Sprintf("mainmenu was given before, at %s", root.promptSpan))
		return
	}
	p.setPrompt(root)
	p.end()
}

// setPrompt parses the text that people read.
func (p *parser) setPrompt(n *Node) {
	at := p.here()
	text, ok := p.promptText()
	if !ok {
		return
	}
	text = strings.TrimSpace(text)
	if text == "" {
		p.fail(at, "the text is empty")
		return
	}
	n.Prompt, n.hasPrompt, n.promptSpan = text, true, at
}
