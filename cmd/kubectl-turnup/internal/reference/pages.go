package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// each calls do for a command and all that a person may use below it.
func each(cmd *cobra.Command, do func(*cobra.Command) error) error {
	if err := do(cmd); err != nil {
		return err
	}
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := each(sub, do); err != nil {
			return err
		}
	}
	return nil
}

// markdownPages are one page per command, by file name, and the list of them.
func markdownPages(root *cobra.Command) (map[string][]byte, error) {
	pages := map[string][]byte{"README.md": index(root)}
	err := each(root, func(cmd *cobra.Command) error {
		cmd.DisableAutoGenTag = true // it has a date
		var page bytes.Buffer
		if err := doc.GenMarkdown(cmd, &page); err != nil {
			return fmt.Errorf("write the page of %s: %w", cmd.CommandPath(), err)
		}
		pages[pageName(cmd)] = trimmed(headings(markExamples(cmd, page.String())))
		return nil
	})
	return pages, err
}

func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
}

// headings begin a page where a page begins; cobra's are made for a long one.
func headings(page string) string {
	page = strings.Replace(page, "### SEE ALSO", "### See also", 1)
	return regexp.MustCompile(`(?m)^#(##? )`).ReplaceAllString(page, "$1")
}

// markExamples tells the test of the documents which block the examples are, and
// what it takes to run them.
func markExamples(cmd *cobra.Command, page string) string {
	before, after, ok := strings.Cut(page, "### Examples\n\n```\n")
	if !ok {
		return page
	}
	block, rest, _ := strings.Cut(after, "\n```\n")
	// cobra's help wants the examples indented, a page does not.
	block = regexp.MustCompile(`(?m)^  `).ReplaceAllString(block, "")
	mark := markOf(cmd)
	if mark != "" {
		mark = "<!-- " + mark + " -->\n\n"
	}
	return before + "### Examples\n\n" + mark + "```sh\n" + block + "\n```\n" + rest
}

// index is the list of all pages, in the groups of the help.
func index(root *cobra.Command) []byte {
	var b strings.Builder
	b.WriteString("# The commands\n\nWritten by `make docs` from the commands themselves, like the [man pages](../man).\n")
	groups := append(root.Groups(), &cobra.Group{Title: "Everything else:"})
	for _, group := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| | |\n|---|---|\n", strings.TrimSuffix(group.Title, ":"))
		for _, cmd := range root.Commands() {
			if cmd.GroupID != group.ID || !cmd.IsAvailableCommand() {
				continue
			}
			_ = each(cmd, func(c *cobra.Command) error { // a closure without errors
				name := strings.TrimPrefix(c.CommandPath(), root.CommandPath()+" ")
				fmt.Fprintf(&b, "| [`%s`](%s) | %s |\n", name, pageName(c), c.Short)
				return nil
			})
		}
	}
	return []byte(b.String())
}

// manPages are the same as pages of the manual.
func manPages(root *cobra.Command) (map[string][]byte, error) {
	pages := map[string][]byte{}
	err := each(root, func(cmd *cobra.Command) error {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		var page bytes.Buffer
		// A date of its own would change with every release, or with none.
		header := &doc.GenManHeader{Title: strings.ToUpper(name), Section: "1", Source: "kubectl turnup", Manual: "kubectl turnup", Date: &time.Time{}}
		if err := doc.GenMan(cmd, header, &page); err != nil {
			return fmt.Errorf("write the manual page of %s: %w", cmd.CommandPath(), err)
		}
		pages[name+".1"] = trimmed(strings.Replace(page.String(), `"Jan 0001"`, `""`, 1))
		return nil
	})
	return pages, err
}
