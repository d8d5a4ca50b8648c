package documents

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// BrokenLinks lists the links that lead nowhere. Those into the world are only
// looked at, not followed: a test must not depend on other people's servers.
func BrokenLinks(root string, all []Document) []string {
	byPath := map[string]Document{}
	for _, d := range all {
		byPath[d.Path] = d
	}
	var broken []string
	for _, d := range all {
		for _, link := range d.Links {
			if err := follow(root, d, link.To, byPath); err != nil {
				broken = append(broken, fmt.Sprintf("%s:%d: the link to %s: %v", d.Path, link.Line, link.To, err))
			}
		}
	}
	return broken
}

func follow(root string, from Document, link string, byPath map[string]Document) error {
	to, err := url.Parse(link)
	switch {
	case err != nil:
		return err
	case to.Scheme == "https", to.Scheme == "mailto":
		return nil
	case to.Scheme != "" || to.Host != "":
		return fmt.Errorf("want https or a file of the repository")
	case strings.HasPrefix(to.Path, "/"):
		return fmt.Errorf("a path from the root of a computer; want one from this file")
	}
	target := from.Path
	if to.Path != "" {
		target = path.Join(path.Dir(from.Path), to.Path)
		if strings.HasPrefix(target, "..") {
			return fmt.Errorf("it leads out of the repository")
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
			return fmt.Errorf("there is no %s", target)
		}
	}
	if to.Fragment == "" {
		return nil
	}
	document, ok := byPath[target]
	if !ok || !document.Anchors[to.Fragment] {
		return fmt.Errorf("%s has no heading #%s", target, to.Fragment)
	}
	return nil
}
