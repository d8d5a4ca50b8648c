package wizard

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

func load(fsys fs.FS, root string) (*kconfig.Config, error) {
	tree, err := kconfig.Parse(fsys, root)
	if err != nil {
		return nil, err
	}
	return tree.NewConfig(), nil
}

// cluster is the tree under testdata, which looks like our own.
func cluster(t testing.TB) *kconfig.Config {
	t.Helper()
	config, err := load(os.DirFS("testdata/cluster"), "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// small is a tree of one file.
func small(t testing.TB, text string) *kconfig.Config {
	t.Helper()
	config, err := load(fstest.MapFS{"Kconfig": {Data: []byte(text)}}, "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// big is a tree of a thousand files with ten symbols each.
func big(t testing.TB) *kconfig.Config {
	t.Helper()
	files := fstest.MapFS{}
	root := "mainmenu \"Big\"\n"
	for i := range 1000 {
		name := fmt.Sprintf("part%03d/Kconfig", i)
		root += "source \"" + name + "\"\n"
		text := fmt.Sprintf("menuconfig part%d\n\tbool \"Part %d\"\n\tdefault y\n\thelp\n\t  This is part %d of many.\n\nif part%d\n", i, i, i, i)
		for j := range 9 {
			above := fmt.Sprintf("part%d", max(0, i-1))
			text += fmt.Sprintf("config part%d.value%d\n\tint \"Value %d of part %d\"\n\trange 0 1000\n\tdefault %d if %s\n\tdefault 7\n\thelp\n\t  How much of it there should be,\n\t  as a number that means something.\n\n", i, j, j, i, j, above)
		}
		files[name] = &fstest.MapFile{Data: []byte(text + "endif\n")}
	}
	files["Kconfig"] = &fstest.MapFile{Data: []byte(root)}
	config, err := load(files, "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// flat is a menu of ten thousand entries.
func flat(t testing.TB) *kconfig.Config {
	t.Helper()
	var text strings.Builder
	text.WriteString("mainmenu \"Flat\"\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "config value%d\n\tint \"Value %d\"\n\tdefault %d\n\thelp\n\t  How much of number %d there is.\n\n", i, i, i, i)
	}
	return small(t, text.String())
}
