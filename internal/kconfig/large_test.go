package kconfig

import (
	"fmt"
	"strings"
	"testing/fstest"
)

// largeTree is a tree of 10,000 symbols in 1,000 files, in the style of real
// ones: a menu with an on/off symbol in each file, what depends on it, a choice,
// numbers with ranges, and references to other files.
func largeTree() fstest.MapFS {
	files := fstest.MapFS{}
	var root strings.Builder
	root.WriteString("mainmenu \"Large\"\n\n")
	for area := range 10 {
		dir := fmt.Sprintf("area%d", area)
		fmt.Fprintf(&root, "menu \"Area %d\"\nsource \"%s/Kconfig\"\nendmenu\n\n", area, dir)
		var list strings.Builder
		for part := range 100 {
			if part == 0 {
				continue
			}
			fmt.Fprintf(&list, "source \"%s/part%d.k\"\n", dir, part)
			files[fmt.Sprintf("%s/part%d.k", dir, part)] = &fstest.MapFile{Data: []byte(largePart(area, part))}
		}
		files[dir+"/Kconfig"] = &fstest.MapFile{Data: []byte(largePart(area, 0) + list.String())}
	}
	files["Kconfig"] = &fstest.MapFile{Data: []byte(root.String())}
	return files
}

// largePart is a file with ten symbols.
func largePart(area, part int) string {
	p := fmt.Sprintf("a%d.p%d", area, part)
	before := p + ".on"
	if part > 0 {
		before = fmt.Sprintf("a%d.p%d.on", area, part-1)
	}
	condition := ""
	if part > 0 {
		condition = " if " + before
	}
	return strings.NewReplacer("P", p, "BEFORE", before, "CONDITION", condition).Replace(`menu "Part P"

menuconfig P.on
	bool "Turn on P"
	default yCONDITION
	select P.hidden if P.base
	help
	  Whether the part is used. Everything else in the part depends on it, and
	  the next part is on only if this one is.

if P.on

config P.name
	string "Name"
	default "first" if BEFORE
	default "other"

config P.size
	int "Size"
	range 1 100
	default 30 if P.name = "other"
	default 10
	help
	  How large it is.

config P.address
	hex "Address"
	range 0x10 0xffff
	default 0x1000

choice P.kind
	prompt "Kind"
	default P.kind.b if P.size > 20

config P.kind.a
	bool "A"

config P.kind.b
	bool "B"

config P.kind.c
	bool "C"
	depends on P.size >= 10 && P.name != unnamed

endchoice

config P.label
	string "Label"
	depends on P.kind.b || P.kind.c
	default P.name

endif

config P.base
	def_bool y
	depends on P.on && !(P.size < 5)

config P.hidden
	bool

endmenu
`)
}
