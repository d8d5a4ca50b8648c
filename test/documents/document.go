// Package documents reads the repository's Markdown files, so that tests can
// hold them to what they say: links lead somewhere, and commands run.
package documents

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Document is one Markdown file.
type Document struct {
	// Path is seen from the root of the repository, with slashes.
	Path    string
	Anchors map[string]bool
	Links   []Link
	Blocks  []Block
	// Spans are the pieces of code within sentences.
	Spans []Span
}

// Link is a link or a picture.
type Link struct {
	Line int
	To   string
}

// Span is code within a sentence.
type Span struct {
	Line int
	Text string
}

// Block is a piece of code on lines of its own.
type Block struct {
	// Line is that of the first line of the code.
	Line int
	// Language is what follows the fence; Fenced is false for indented code.
	Language string
	Fenced   bool
	Text     string
	// Marks are the comments <!-- … --> right before it.
	Marks []string
}

// Files lists the Markdown files below a directory, as Read wants them.
func Files(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			switch {
			case path == root:
				return nil
			case strings.HasPrefix(name, "."), name == "testdata", name == "bin", name == "dist", name == "clusters":
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".md") {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(relative))
		}
		return nil
	})
	return files, err
}

// Read reads one file of the repository at root.
func Read(root, path string) (Document, error) {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return Document{}, err
	}
	return Parse(path, data), nil
}

// Parse takes a Markdown text apart.
func Parse(path string, data []byte) Document {
	d := Document{Path: path, Anchors: map[string]bool{}}
	lineAt := func(offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(data))
	line := 1
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // no visit fails
		if !entering {
			return ast.WalkContinue, nil
		}
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			line = lineAt(n.Lines().At(0).Start)
		}
		switch n := n.(type) {
		case *ast.Heading:
			d.anchor(slug(words(n, data)))
		case *ast.Link:
			d.Links = append(d.Links, Link{line, string(n.Destination)})
		case *ast.Image:
			d.Links = append(d.Links, Link{line, string(n.Destination)})
		case *ast.HTMLBlock:
			d.html(line, segments(n.Lines(), data))
		case *ast.RawHTML:
			d.html(line, (segments(n.Segments, data)))
		case *ast.CodeSpan:
			d.Spans = append(d.Spans, Span{line, words(n, data)})
		case *ast.FencedCodeBlock:
			d.Blocks = append(d.Blocks, Block{line, string(n.Language(data)), true, segments(n.Lines(), data), marks(n, data)})
		case *ast.CodeBlock:
			d.Blocks = append(d.Blocks, Block{line, "", false, segments(n.Lines(), data), marks(n, data)})
		}
		return ast.WalkContinue, nil
	})
	return d
}

// segments is a piece of the text as it is written.
func segments(s *text.Segments, data []byte) string {
	var b strings.Builder
	for i := range s.Len() {
		part := s.At(i)
		b.Write(part.Value(data))
	}
	return b.String()
}

// words is the text of a heading or of a span, without its markup.
func words(n ast.Node, data []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(data))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// anchor adds a heading's, numbered like GitHub's if there was one already.
func (d *Document) anchor(name string) {
	unique := name
	for i := 1; d.Anchors[unique]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	d.Anchors[unique] = true
}

// slug is the anchor that GitHub gives to a heading.
func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

var attribute = regexp.MustCompile(`\b(href|src|srcset|id|name)="([^"]*)"`)

// html takes links and anchors out of tags.
func (d *Document) html(line int, tags string) {
	for _, match := range attribute.FindAllStringSubmatch(tags, -1) {
		switch match[1] {
		case "id", "name":
			d.Anchors[match[2]] = true
		default:
			d.Links = append(d.Links, Link{line, match[2]})
		}
	}
}

var comment = regexp.MustCompile(`(?s)<!--\s*(.*?)\s*-->`)

// marks are the comments between a block and what comes before it.
func marks(n ast.Node, data []byte) []string {
	var found []string
	for before := n.PreviousSibling(); before != nil; before = before.PreviousSibling() {
		html, ok := before.(*ast.HTMLBlock)
		if !ok {
			break
		}
		var here []string
		for _, match := range comment.FindAllStringSubmatch(segments(html.Lines(), data), -1) {
			here = append(here, match[1])
		}
		found = append(here, found...)
	}
	return found
}
