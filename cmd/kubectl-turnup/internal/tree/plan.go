package tree

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/merge3"
)

// FileUpdate is what becomes of one file of a tree, or of an addon as a whole:
// then File ends with a slash.
type FileUpdate struct {
	File string `json:"file"`
	// Change is added, updated, merged, removed, generated or conflict; kept for
	// what is the user's and stays, deleted for what the user took away.
	Change string `json:"change"`
	// Diff leads from the user's file to the new one; in a conflict, to the one
	// that takes the new lines.
	Diff string `json:"diff,omitempty"`

	// content is what is written; nil for nothing.
	content []byte
}

const (
	addedChange    = "added"
	updatedChange  = "updated"
	mergedChange   = "merged"
	removedChange  = "removed"
	conflictChange = "conflict"
	keptChange     = "kept"
	deletedChange  = "deleted"
)

// planUpdate decides what becomes of every file: base is what turnup wrote last
// time, mine what the user has now, theirs what this version has. Files of the
// user's own are not its business.
func planUpdate(base, mine, theirs map[string][]byte, resolve string) []FileUpdate {
	var list []FileUpdate
	names := slices.Sorted(maps.Keys(base))
	names = append(names, slices.Collect(maps.Keys(theirs))...)
	slices.Sort(names)
	names = slices.Compact(names)
	whole := wholeAddons(base, mine, theirs)
	told := map[string]bool{}
	for _, name := range names {
		addon := addonOf(name)
		if change, ok := whole[addon]; ok {
			if !told[addon] {
				list = append(list, FileUpdate{File: addon + "/", Change: change})
			}
			told[addon] = true
			continue
		}
		if f := decide(name, base[name], mine[name], theirs[name], resolve); f.Change != "" {
			list = append(list, f)
		}
	}
	return list
}

// wholeAddons are those that are not looked at file by file: what the user
// deleted stays deleted, and what left the config stays if the user changed it.
// An addon that loses some of its files only would be broken.
func wholeAddons(base, mine, theirs map[string][]byte) map[string]string {
	recorded, had, wanted, touched := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for name := range theirs {
		wanted[addonOf(name)] = true
	}
	for name, data := range base {
		recorded[addonOf(name)] = true
		if there, ok := mine[name]; !ok || !same(there, data) {
			touched[addonOf(name)] = true
		}
	}
	for name := range mine {
		had[addonOf(name)] = true
		if _, ours := base[name]; !ours {
			touched[addonOf(name)] = true
		}
	}
	whole := map[string]string{}
	for addon := range recorded {
		switch {
		case !had[addon] && wanted[addon]:
			whole[addon] = deletedChange
		case had[addon] && !wanted[addon] && touched[addon]:
			whole[addon] = keptChange
		}
	}
	return whole
}

// addonOf is the directory of a path that is the addon's.
func addonOf(name string) string {
	addon, _, _ := strings.Cut(name, "/")
	return addon
}

// decide is planUpdate for one file; nil is a file that is not there, and no
// change nothing to say.
func decide(name string, base, mine, theirs []byte, resolve string) FileUpdate {
	f := FileUpdate{File: name}
	switch {
	case mine == nil && theirs == nil, mine != nil && theirs != nil && same(mine, theirs):
	case mine == nil && base != nil:
		f.Change = deletedChange
	case mine == nil:
		f.Change, f.content = addedChange, theirs
	case theirs == nil && same(mine, base):
		f.Change = removedChange
	case theirs == nil:
		f.resolveRemoval(mine, resolve)
	case base != nil && same(base, theirs):
		f.Change = keptChange
	case base != nil && same(mine, base):
		f.Change, f.content = updatedChange, theirs
	default:
		f.merge(base, mine, theirs, resolve)
	}
	if f.Diff == "" && f.content != nil {
		f.Diff = fileDiff(name, mine, f.content)
	}
	return f
}

// resolveRemoval is for a file that the user changed and this version has no more.
func (f *FileUpdate) resolveRemoval(mine []byte, resolve string) {
	switch resolve {
	case Mine, Markers:
		f.Change = keptChange
	case Theirs:
		f.Change = removedChange
	default:
		f.Change = conflictChange
		f.Diff = fileDiff(f.File, mine, nil)
	}
}

func (f *FileUpdate) merge(base, mine, theirs []byte, resolve string) {
	m := merge3.Merge(unix(base), unix(mine), unix(theirs))
	f.Change = mergedChange
	switch {
	case m.Conflicts() == 0, resolve == Mine:
		f.content = ended(m.Mine(), mine)
	case resolve == Theirs:
		f.content = ended(m.Theirs(), mine)
	case resolve == Markers:
		f.content = ended(m.Marked("yours", "as it was", "kubectl turnup "+images.Runtime), mine)
	default:
		f.Change = conflictChange
		f.Diff = fileDiff(f.File, mine, ended(m.Theirs(), mine))
	}
	if f.content != nil && bytes.Equal(f.content, mine) {
		f.Change, f.content = keptChange, nil
	}
}

// same compares texts; git on Windows may have changed how their lines end.
func same(a, b []byte) bool { return unix(a) == unix(b) }

func unix(data []byte) string { return strings.ReplaceAll(string(data), "\r\n", "\n") }

// ended gives a text the ends of lines of another.
func ended(text string, like []byte) []byte {
	if bytes.Contains(like, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

// fileDiff is the unified diff of a file that is there before, after, or both.
func fileDiff(name string, before, after []byte) string {
	diff := difflib.UnifiedDiff{
		A: difflib.SplitLines(unix(before)), B: difflib.SplitLines(unix(after)),
		FromFile: "a/" + name, ToFile: "b/" + name, Context: 3,
	}
	if before == nil {
		diff.A, diff.FromFile = nil, "/dev/null"
	}
	if after == nil {
		diff.B, diff.ToFile = nil, "/dev/null"
	}
	text, err := difflib.GetUnifiedDiffString(diff)
	if err != nil { // a strings.Builder never fails to write
		return ""
	}
	return text
}

// unresolved names the files with a conflict that --conflict=markers left.
func unresolved(files map[string][]byte) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if slices.Contains(build.Addons(files), addonOf(name)) && !strings.HasSuffix(name, ".md") && merge3.Marked(string(files[name])) {
			names = append(names, name)
		}
	}
	return names
}
