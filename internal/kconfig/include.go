package kconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Budgets for what one tree may read.
const (
	maxFiles    = 20_000
	maxFileSize = 4 << 20
	maxTreeSize = 64 << 20
	// manyFiles make a tree large; most have a few dozen.
	manyFiles = 100
)

// source parses a source statement of one of the four kinds and reads its files.
func (p *parser) source(first token) {
	p.entry = nil
	at := p.here()
	if !p.more() || p.peek().kind != tokenText && p.peek().kind != tokenWord {
		p.fail(at, fmt.Sprintf("expected a path after %s", first.text))
		return
	}
	pattern := p.take().text
	p.end()
	if p.lexer.broken {
		return
	}
	clean, problem := p.inside(pattern, strings.HasSuffix(first.text, "rsource"))
	if problem != "" {
		p.fail(at, problem)
		return
	}
	optional := first.text[0] == 'o'
	files, problem := p.find(clean, optional)
	if problem != "" {
		p.fail(at, problem)
		return
	}
	if len(files) == 0 && !optional {
		p.fail(at, fmt.Sprintf("no file matches %q", clean))
	}
	for _, file := range files {
		if !p.stopped {
			p.include(file, at)
		}
	}
	p.entry = nil
}

// inside cleans a path and says why it is not one inside of the root.
func (p *parser) inside(pattern string, relative bool) (clean, problem string) {
	if pattern == "" {
		return "", "the path is empty"
	}
	if path.IsAbs(pattern) || strings.Contains(pattern, `:\`) {
		return "", fmt.Sprintf("%q is an absolute path; paths are relative to the root of the tree", pattern)
	}
	if relative {
		pattern = path.Join(path.Dir(p.file), pattern)
	}
	clean = path.Clean(pattern)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Sprintf("%q leads out of the root of the tree", pattern)
	}
	return clean, ""
}

// find returns the files that a path or a glob stands for, sorted.
func (p *parser) find(pattern string, optional bool) (files []string, problem string) {
	if !strings.ContainsAny(pattern, `*?[\`) {
		if optional {
			if _, err := fs.Lstat(p.fsys, pattern); errors.Is(err, fs.ErrNotExist) {
				return nil, ""
			}
		}
		return []string{pattern}, ""
	}
	files, err := fs.Glob(p.fsys, pattern)
	if err != nil {
		return nil, fmt.Sprintf("%q is not a glob: %v", pattern, err)
	}
	slices.Sort(files)
	return files, ""
}

// include reads a file that a source statement at a place names; the place of
// the root file is empty.
func (p *parser) include(file string, at Span) {
	if problem := p.mayRead(file); problem != "" {
		p.refuse(file, at, problem)
		return
	}
	text, problem := p.load(file)
	if problem != "" {
		p.refuse(file, at, problem)
		return
	}
	p.read[file] = at
	p.tree.Files = append(p.tree.Files, file)
	if len(p.read) == manyFiles {
		// All that is read stays, so there is nothing to collect. Memory that
		// is not touched costs nothing, but it puts the next collection off.
		p.ballast = make([]byte, 32<<20)
	}

	outer, outerBase, outerLexer, outerIncluded := p.file, p.base, p.lexer, p.included
	p.file, p.base, p.entry = file, len(p.blocks), nil
	if at.File != "" {
		p.included = append([]Span{at}, p.included...)
	}
	p.lexer = newLexer(text, func(line, col int, message string) {
		p.error(Span{file, line, col}, message)
	})
	if n := len(p.tokens); n > 0 {
		p.lexer.tokens, p.tokens = p.tokens[n-1], p.tokens[:n-1]
	}
	p.statements()
	p.tokens = append(p.tokens, p.lexer.tokens)
	p.file, p.base, p.lexer, p.included = outer, outerBase, outerLexer, outerIncluded
}

func (p *parser) refuse(file string, at Span, problem string) {
	if at.File == "" {
		at = Span{file, 1, 1}
	}
	p.error(at, problem)
}

// mayRead says why a file may not be read here: it is being read, or has been,
// or there are too many.
func (p *parser) mayRead(file string) (problem string) {
	if file == p.file {
		return fmt.Sprintf("%s includes itself", file)
	}
	for i, from := range p.included {
		if from.File == file {
			chain := []string{file}
			for _, link := range slices.Backward(p.included[:i]) {
				chain = append(chain, link.File)
			}
			return "files include each other: " + strings.Join(append(chain, p.file, file), " → ")
		}
	}
	if first, ok := p.read[file]; ok {
		return fmt.Sprintf("%s is included already, at %s", file, first)
	}
	if len(p.included) >= maxDepth {
		return fmt.Sprintf("files are included deeper than %d", maxDepth)
	}
	if len(p.read) >= maxFiles {
		return fmt.Sprintf("more than %d files are included", maxFiles)
	}
	return ""
}
