package merge3

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const corefile = `.:53 {
    errors
    cache 30
    forward . /etc/resolv.conf
    reload
}
`

func TestBothEditsAreKept(t *testing.T) {
	mine := strings.Replace(corefile, "    errors\n", "    errors\n    log\n", 1)
	theirs := strings.Replace(corefile, "    reload\n", "    reload\n    loadbalance\n", 1)
	m := Merge(corefile, mine, theirs)
	want := `.:53 {
    errors
    log
    cache 30
    forward . /etc/resolv.conf
    reload
    loadbalance
}
`
	if diff := cmp.Diff(want, m.Mine()); m.Conflicts() != 0 || diff != "" {
		t.Errorf("%d conflicts\n%s", m.Conflicts(), diff)
	}
}

func TestTheSameEditOnBothSidesIsNoConflict(t *testing.T) {
	edited := strings.Replace(corefile, "cache 30", "cache 60", 1)
	if m := Merge(corefile, edited, edited); m.Conflicts() != 0 || m.Mine() != edited {
		t.Errorf("%d conflicts, %q", m.Conflicts(), m.Mine())
	}
}

func TestAConflictHasThreeSides(t *testing.T) {
	mine := strings.Replace(corefile, "cache 30", "cache 60", 1)
	theirs := strings.Replace(strings.Replace(corefile, "cache 30", "cache 90", 1), "    reload\n", "", 1)
	m := Merge(corefile, mine, theirs)
	if m.Conflicts() != 1 {
		t.Fatalf("%d conflicts", m.Conflicts())
	}
	for side, want := range map[string]string{m.Mine(): "cache 60", m.Theirs(): "cache 90"} {
		if !strings.Contains(side, want) || strings.Contains(side, "reload") {
			t.Errorf("wanted %s and no reload in\n%s", want, side)
		}
	}
	marked := m.Marked("yours", "v1", "v2")
	want := "<<<<<<< yours\n    cache 60\n||||||| v1\n    cache 30\n=======\n    cache 90\n>>>>>>> v2\n"
	if !strings.Contains(marked, want) || !Marked(marked) {
		t.Errorf("got\n%s", marked)
	}
	if Marked(corefile) {
		t.Error("a text without a conflict is marked")
	}
}

func TestATextWithoutALastNewlineStaysMarkable(t *testing.T) {
	m := Merge("a", "b", "c")
	if want := "<<<<<<< m\nb\n||||||| z\na\n=======\nc\n>>>>>>> t\n"; m.Marked("m", "z", "t") != want {
		t.Errorf("got %q", m.Marked("m", "z", "t"))
	}
	if m := Merge("a\nb", "a\nb", "a\nc"); m.Conflicts() != 0 || m.Mine() != "a\nc" {
		t.Errorf("got %q", m.Mine())
	}
}

func TestAnEmptyBaseMakesEverythingAConflict(t *testing.T) {
	if m := Merge("", "mine\n", "theirs\n"); m.Conflicts() != 1 || m.Mine() != "mine\n" || m.Theirs() != "theirs\n" {
		t.Errorf("%d conflicts, %q, %q", m.Conflicts(), m.Mine(), m.Theirs())
	}
}

// scramble edits a few lines of a text.
func scramble(r *rand.Rand, lines []string) []string {
	lines = slices.Clone(lines)
	for range r.IntN(4) {
		at := r.IntN(len(lines) + 1)
		switch {
		case r.IntN(2) == 0 || at == len(lines):
			lines = slices.Insert(lines, at, string(rune('A'+r.IntN(6)))+"\n")
		case r.IntN(2) == 0:
			lines[at] = string(rune('A'+r.IntN(6))) + "\n"
		default:
			lines = slices.Delete(lines, at, at+1)
		}
	}
	return lines
}

func TestTheLawsOfMerging(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var base []string
		for range r.IntN(12) {
			base = append(base, string(rune('a'+r.IntN(5)))+"\n")
		}
		z, a, b := strings.Join(base, ""), strings.Join(scramble(r, base), ""), strings.Join(scramble(r, base), "")
		for name, c := range map[string]struct{ base, mine, theirs, want string }{
			"only mine":   {z, a, z, a},
			"only theirs": {z, z, b, b},
			"the same":    {z, a, a, a},
		} {
			if m := Merge(c.base, c.mine, c.theirs); m.Conflicts() != 0 || m.Mine() != c.want {
				t.Fatalf("%s: base %q mine %q theirs %q: got %q", name, c.base, c.mine, c.theirs, m.Mine())
			}
		}
		m, mirrored := Merge(z, a, b), Merge(z, b, a)
		if m.Conflicts() != mirrored.Conflicts() || m.Mine() != mirrored.Theirs() {
			t.Fatalf("base %q mine %q theirs %q: it matters who is who", z, a, b)
		}
	}
}

// Git is what people know. Where edits are a line apart or more, and lines are
// told apart easily, it must come to the same.
func TestGitMergesTheSame(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("SKIPPED: there is no git")
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 60 {
		var base []string
		for n := range 30 {
			base = append(base, "line "+string(rune('a'+n%26))+string(rune('0'+n/26))+"\n")
		}
		z, a, b := strings.Join(base, ""), strings.Join(scramble(r, base), ""), strings.Join(scramble(r, base), "")
		var args []string
		for name, text := range map[string]string{"mine": a, "base": z, "theirs": b} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, "merge-file", "--stdout", "--diff3", "-L", "m", "-L", "z", "-L", "t", "mine", "base", "theirs")
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		m := Merge(z, a, b)
		if clean := err == nil; clean != (m.Conflicts() == 0) || clean && string(out) != m.Mine() {
			t.Errorf("%d: git says (%v)\n%s\nand we\n%s", i, err, out, m.Marked("m", "z", "t"))
		}
		// To merge what is merged once more changes nothing: a run that was killed
		// before it wrote its record down can be repeated.
		if again := Merge(z, m.Mine(), b); m.Conflicts() == 0 && (again.Conflicts() > 0 || again.Mine() != m.Mine()) {
			t.Errorf("%d: once\n%s\ntwice\n%s", i, m.Mine(), again.Mine())
		}
	}
}
