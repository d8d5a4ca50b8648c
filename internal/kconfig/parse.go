package kconfig

import (
	"fmt"
	"io/fs"
	"runtime"
	"slices"
)

// maxErrors bounds how many errors are collected; more help nobody.
const maxErrors = 1000

// Parse reads a root file and all files it includes, of which the paths are
// relative to the root of fsys. The error is an Errors that has every problem
// of every file.
func Parse(fsys fs.FS, root string) (*Tree, error) {
	p := &parser{
		fsys:      fsys,
		read:      map[string]Span{},
		plain:     map[string]bool{".": true},
		constants: map[string]*Symbol{},
		tree: &Tree{
			Root:  &Node{Kind: KindMenu, Span: Span{root, 1, 1}},
			table: map[string]*Symbol{},
			named: map[string]*Choice{},
		},
	}
	p.tree.Root.scope = p.newScope(nil)
	p.blocks = []*block{{node: p.tree.Root, scope: p.tree.Root.scope}}
	p.include(root, Span{})
	if p.tree.Root.Prompt == "" {
		p.tree.Root.Prompt, p.tree.Root.hasPrompt = "Main menu", true
	}
	if !p.stopped {
		p.check()
	}
	if len(p.errors) == 0 {
		p.tree.arrange()
		p.findLoops()
	}
	runtime.KeepAlive(p.ballast)
	if len(p.errors) > 0 {
		return nil, p.errors.sorted()
	}
	p.tree.Warnings = p.warnings.sorted()
	return p.tree, nil
}

// parser reads one file after the other into a tree.
type parser struct {
	fsys fs.FS
	tree *Tree
	// read are the files that were read and where each was included.
	read map[string]Span
	// plain are the paths that are known not to be links.
	plain map[string]bool
	// constants are the quoted texts, y and n.
	constants map[string]*Symbol
	errors    Errors
	warnings  Errors
	size      int
	// ballast is never used; see include.
	ballast []byte
	// scratch is what files are read into.
	scratch []byte
	// tokens are buffers of lexers that are done.
	tokens   [][]token
	nodes    slab[Node]
	symbols  slab[Symbol]
	exprs    slab[Expr]
	scopes   slab[scope]
	defaults slab[Default]
	// stopped is set if there is no point in going on.
	stopped bool

	// What follows is about the file that is being read.
	file     string
	lexer    *lexer
	included []Span
	// blocks are the open menus, ifs and choices, the innermost last; those
	// from base on were opened in this file.
	blocks []*block
	base   int
	// at is the cursor in the statement's tokens.
	at        int
	operators int
	// entry is what attributes belong to; nil between entries.
	entry *Node
}

// block is an open menu, if or choice, or the root.
type block struct {
	node *Node
	// scope is what entries in the block are in.
	scope *scope
}

func (p *parser) newScope(parent *scope) *scope {
	s := p.scopes.new(scope{id: p.tree.scopes, parent: parent})
	p.tree.scopes++
	return s
}

func (p *parser) error(at Span, message string) {
	if len(p.errors) >= maxErrors {
		return
	}
	if len(p.errors) == maxErrors-1 {
		p.stopped = true
		message += fmt.Sprintf("; this is error %d, and no more are looked for", maxErrors)
	}
	p.errors = append(p.errors, &Error{at, message, p.included})
}

func (p *parser) warn(n *Node, at Span, format string, args ...any) {
	p.warnings = append(p.warnings, &Error{at, fmt.Sprintf(format, args...), n.Included})
}

// errorIn reports an error that shows only after all files were read.
func (p *parser) errorIn(n *Node, at Span, format string, args ...any) {
	p.included = n.Included
	p.error(at, fmt.Sprintf(format, args...))
}

// statements reads those of the current file.
func (p *parser) statements() {
	for !p.stopped && p.lexer.next() {
		p.at = 0
		p.statement()
	}
	for len(p.blocks) > p.base {
		if !p.stopped {
			p.unclosed(p.blocks[len(p.blocks)-1])
		}
		p.blocks = p.blocks[:len(p.blocks)-1]
	}
}

func (p *parser) unclosed(b *block) {
	p.error(b.node.Span, fmt.Sprintf("%s has no end%s in this file", b.node.Kind, b.node.Kind))
}

func (p *parser) statement() {
	first := p.take()
	if first.kind != tokenWord {
		p.entry = nil
		p.fail(p.span(first), fmt.Sprintf("expected a keyword, not %s", first))
		return
	}
	if p.more() && (p.peek().kind == tokenAssign || p.isOp(OpEqual)) {
		p.fail(p.span(first), "macro assignments are not supported; use a config with a default")
		return
	}
	switch first.text {
	case "config":
		p.config(first, KindConfig)
	case "menuconfig":
		p.config(first, KindMenuconfig)
	case "choice":
		p.choice(first)
	case "menu":
		p.menu(first)
	case "if":
		p.ifBlock(first)
	case "endmenu":
		p.endBlock(first, KindMenu)
	case "endchoice":
		p.endBlock(first, KindChoice)
	case "endif":
		p.endBlock(first, kindIf)
	case "comment":
		p.comment(first)
	case "source", "rsource", "osource", "orsource":
		p.source(first)
	case "mainmenu":
		p.mainmenu(first)
	default:
		p.attribute(first)
	}
}

// add makes a node the entry that attributes belong to, inside of the block,
// whose scope it shares as long as it has no conditions of its own.
func (p *parser) add(kind Kind, first token) *Node {
	b := p.blocks[len(p.blocks)-1]
	n := p.nodes.new(Node{
		Kind:     kind,
		Span:     p.span(first),
		Included: p.included,
		scope:    b.scope,
	})
	b.node.Children = append(b.node.Children, n)
	p.entry = n
	return n
}

// inChoice is the choice whose member a config would be here, or nil.
func (p *parser) inChoice() *Choice {
	for _, b := range slices.Backward(p.blocks) {
		if b.node.Kind != kindIf {
			return b.node.Choice
		}
	}
	return nil
}
