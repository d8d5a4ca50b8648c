package kconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The repository's own tree is what matters most. Until it exists there is
// nothing to compare.
func TestOtherImplementationsAgreeOnTheRealTree(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "Kconfig")); err != nil {
		t.Skip("the repository has no Kconfig yet")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	p := findPeers(t)
	tree, err := Parse(os.DirFS(root), "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	r := newRandom(t)
	configs := []string{""}
	for range 500 {
		configs = append(configs, r.config(tree))
	}
	agree(t, p, []job{{Dir: root, Configs: writeConfigs(t, configs)}})
}

func TestOtherImplementationsAgreeOnTheIdiomsOfTheAncestor(t *testing.T) {
	p := findPeers(t)
	files := parseArchiveFile(t, filepath.Join("testdata", "rules", "ancestor.txt")).files()
	tree, err := Parse(files, "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	r := newRandom(t)
	var configs []string
	for range 100 {
		configs = append(configs, r.config(tree))
	}
	agree(t, p, []job{writeJob(t, files, configs)})
}

// agree compares all values of all jobs with both peers.
func agree(t *testing.T, p peers, jobs []job) {
	t.Helper()
	lib, conf := p.kconfiglib(t, jobs), p.kconfigConf(t, jobs)
	compared := 0
	for i, j := range jobs {
		tree, written := ours(t, j)
		for peer, got := range map[string]outcome{"Kconfiglib": lib[i], "kconfig-conf": conf[i]} {
			if strings.Contains(got.problem, "xfwrite: Assertion") {
				// It aborts while it prints a warning with an empty text.
				continue
			}
			if got.problem != "" {
				t.Fatalf("%s cannot read %s: %s", peer, j.Dir, got.problem)
			}
			for k := range j.Configs {
				differ := differences(tree, written[k], got.written[k], peer == "kconfig-conf")
				if peer == "Kconfiglib" {
					differ = slices.DeleteFunc(differ, func(d string) bool { return unmetImply(tree, d) })
					if len(differ) == 0 {
						differ = otherLines(written[k], got.written[k])
					}
				}
				if len(differ) == 0 {
					compared++
					continue
				}
				config, _ := os.ReadFile(j.Configs[k])
				kconfig, _ := os.ReadFile(filepath.Join(j.Dir, "Kconfig"))
				t.Fatalf("%s computes %v\nwe write\n%s\nfor\n%s\nof\n%s", peer, differ, written[k], config, kconfig)
			}
		}
	}
	fmt.Fprintf(t.Output(), "%d comparisons agree\n", compared)
}

func TestOtherImplementationsAgreeOnRandomTrees(t *testing.T) {
	p := findPeers(t)
	r := newRandom(t)
	var jobs []job
	for range 60 {
		files := r.tree(30)
		tree, err := Parse(files, "Kconfig")
		if err != nil {
			t.Fatalf("%v\n%s", err, files["Kconfig"].Data)
		}
		var configs []string
		for range 10 {
			configs = append(configs, r.config(tree))
		}
		jobs = append(jobs, writeJob(t, files, configs))
	}
	agree(t, p, jobs)
}
