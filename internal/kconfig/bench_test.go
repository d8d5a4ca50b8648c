package kconfig

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// benchTree is the variable by which the benchmark of the peers runs this
// binary as a program that parses the tree in a directory, and writes .config.
const benchTree = "KCONFIG_BENCH_TREE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(benchTree); dir != "" {
		os.Exit(evaluateTree(dir))
	}
	os.Exit(m.Run())
}

func evaluateTree(dir string) int {
	tree, err := Parse(os.DirFS(dir), "Kconfig")
	if err != nil {
		return 1
	}
	f, err := os.Create(filepath.Join(dir, ".config"))
	if err != nil || tree.NewConfig().WriteDotConfig(f, Prefix) != nil || f.Close() != nil {
		return 1
	}
	return 0
}

// largeDir is the large tree on disk.
func largeDir(b testing.TB) string {
	dir := writeJob(b, largeTree(), nil).Dir
	tree, err := Parse(os.DirFS(dir), "Kconfig")
	if err != nil || len(tree.Symbols) != 10_000 || len(tree.Files) != 1_001 {
		b.Fatalf("the large tree is not as large as it should be: %v", err)
	}
	return dir
}

func BenchmarkParse(b *testing.B) {
	dir := largeDir(b)
	for b.Loop() {
		if _, err := Parse(os.DirFS(dir), "Kconfig"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAndEvaluate(b *testing.B) {
	dir := largeDir(b)
	for b.Loop() {
		tree, err := Parse(os.DirFS(dir), "Kconfig")
		if err != nil {
			b.Fatal(err)
		}
		if err := tree.NewConfig().WriteDotConfig(io.Discard, Prefix); err != nil {
			b.Fatal(err)
		}
	}
}

// What a key in the wizard costs: a value changes, and everything that may be
// shown then is asked for its visibility and value.
func BenchmarkSetAndShow(b *testing.B) {
	tree, err := Parse(largeTree(), "Kconfig")
	if err != nil {
		b.Fatal(err)
	}
	c := tree.NewConfig()
	for on := false; b.Loop(); on = !on {
		if err := c.Set("a0.p0.on", tri(on)); err != nil {
			b.Fatal(err)
		}
		show(c, tree.Root)
	}
}

func show(c *Config, n *Node) {
	for _, child := range c.VisibleChildren(n) {
		if child.Symbol != nil {
			c.Value(child.Symbol)
		}
		show(c, child)
	}
}

func BenchmarkExplain(b *testing.B) {
	tree, err := Parse(largeTree(), "Kconfig")
	if err != nil {
		b.Fatal(err)
	}
	c := tree.NewConfig()
	for b.Loop() {
		c.Explain(tree.Symbol("a0.p50.on"))
	}
}

// The programs run in turn, so that a slow spell of the machine hits all.
func TestItIsNoSlowerThanItsPeers(t *testing.T) {
	if os.Getenv("KCONFIG_BENCH_PEERS") == "" {
		t.Skip("set KCONFIG_BENCH_PEERS=1 on a quiet machine")
	}
	p := findPeers(t)
	if key := testing.Benchmark(BenchmarkSetAndShow).NsPerOp(); key > 16e6 {
		t.Errorf("a key in the wizard takes %v, more than 16ms", time.Duration(key))
	}
	dir := largeDir(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]func() *exec.Cmd{
		"ours": func() *exec.Cmd {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), benchTree+"="+dir)
			return cmd
		},
		"kconfig-conf": func() *exec.Cmd {
			cmd := exec.Command(p.conf, "--alldefconfig", "Kconfig")
			cmd.Env = append(os.Environ(), "KCONFIG_CONFIG="+filepath.Join(dir, ".conf"), "CONFIG_="+Prefix)
			return cmd
		},
		"Kconfiglib": func() *exec.Cmd {
			return exec.Command(p.python, "-c", "import kconfiglib\n"+
				"kconfiglib.Kconfig('Kconfig', warn=False).write_config('.lib', save_old=False)")
		},
	}
	times := map[string][]time.Duration{}
	for range 9 {
		for name, command := range commands {
			cmd := command()
			cmd.Dir = dir
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			times[name] = append(times[name], time.Since(start))
		}
	}
	median := func(name string) time.Duration {
		slices.Sort(times[name])
		return times[name][len(times[name])/2]
	}
	ours, conf, lib := median("ours"), median("kconfig-conf"), median("Kconfiglib")
	t.Logf("medians of parsing, evaluating and writing 10,000 symbols in 1,001 files: ours %v, "+
		"kconfig-conf %v (%.1f×), Kconfiglib %v (%.1f×)", ours.Round(time.Millisecond),
		conf.Round(time.Millisecond), float64(conf)/float64(ours),
		lib.Round(time.Millisecond), float64(lib)/float64(ours))
	if ours > conf {
		t.Errorf("slower than kconfig-conf: %v against %v", ours, conf)
	}
	if 5*ours > lib {
		t.Errorf("less than five times as fast as Kconfiglib: %v against %v", ours, lib)
	}
}
