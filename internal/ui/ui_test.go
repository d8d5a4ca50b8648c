package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/internal/golden"
)

// clock is a time that only moves when it is told to.
type clock struct{ now time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }
func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }
func env(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

// story is what a create that goes wrong at its end says.
func story(o *Output, c *clock) {
	provision := o.Step("provision 3 machines on local", 2*time.Minute)
	c.advance(4200 * time.Millisecond)
	provision.Done()
	boot := o.Step("bootstrap demo", 5*time.Minute)
	first := boot.Step("demo-control-plane-0", 0)
	second := boot.Step("demo-worker-0", 0)
	first.See("waiting for /readyz")
	c.advance(900 * time.Millisecond)
	second.Done("joined")
	o.Warnf("the Docker host is at 91 %% of its disk")
	c.advance(59 * time.Second)
	first.Done()
	boot.Done()
	o.Step("write the kubeconfig", 0).Skip("unchanged")
	addons := o.Step("deploy addons", time.Minute)
	c.advance(time.Minute)
	err := Hint(errors.New("timed out after 1m0s\nlast seen: coredns 0/2"), "kubectl turnup addons")
	addons.Fail(err)
	addons.Done("too late to say")
	o.Printf("the cluster keeps what it has")
	o.Error(fmt.Errorf("deploy addons of demo: %w", err))
	o.Hintf("kubectl turnup delete")
}

func TestTheSameStoryInEveryFormat(t *testing.T) {
	cases := []struct {
		name string
		opts Options
	}{
		{"text", Options{Env: env("LANG", "C.UTF-8")}},
		{"ascii", Options{Env: env("LANG", "C.UTF-8", "LC_ALL", "POSIX")}},
		{"quiet", Options{Env: env("LANG", "C.UTF-8"), Quiet: true}},
		{"json", Options{Env: env(), Format: JSON}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var buffer bytes.Buffer
			c := newClock()
			tc.opts.Now = c.Now
			story(New(&buffer, tc.opts), c)
			golden.Check(t, "testdata/"+tc.name+".golden", buffer.String())
		})
	}
}

func TestEveryJSONLineIsAnObjectWithTimeAndType(t *testing.T) {
	var buffer bytes.Buffer
	c := newClock()
	story(New(&buffer, Options{Env: env(), Format: JSON, Now: c.Now}), c)
	for line := range strings.Lines(buffer.String()) {
		var e struct {
			Time time.Time
			Type string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Type == "" || e.Time.IsZero() {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func TestTimingsKeepTheOrderInWhichStepsStarted(t *testing.T) {
	c := newClock()
	o := New(&bytes.Buffer{}, Options{Env: env(), Now: c.Now, Quiet: true})
	a := o.Step("a", 0)
	c.advance(time.Second)
	b := a.Step("b", 0)
	c.advance(time.Second)
	a.Done()
	c.advance(time.Second)
	want := []Timing{
		{Step: "a", State: Done, Took: 2 * time.Second},
		{Step: "b", Parent: "a", State: Started, After: time.Second, Took: 2 * time.Second},
	}
	if diff := cmp.Diff(want, o.Timings()); diff != "" {
		t.Error(diff)
	}
	b.Skip("")
	if got := o.Timings()[1].State; got != Skipped {
		t.Errorf("b is %s", got)
	}
}

func TestParallelStepsPrintOneWholeLineEach(t *testing.T) {
	var buffer bytes.Buffer
	o := New(&buffer, Options{Env: env("LANG", "C.UTF-8")})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s := o.Step(fmt.Sprintf("machine-%02d", i), time.Minute)
			s.See("working")
			s.Done()
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(buffer.String()) {
		if !strings.HasPrefix(line, " ✓ machine-") || !strings.HasSuffix(line, "s)\n") {
			t.Errorf("not a whole line: %q", line)
		}
		seen[line[:len(" ✓ machine-00")]] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d machines were printed", len(seen))
	}
}

func TestDurationsAreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 40 * time.Millisecond: "0.0s", 4249 * time.Millisecond: "4.2s", 9 * time.Second: "9.0s",
		59960 * time.Millisecond: "1m0s", 64400 * time.Millisecond: "1m4s", time.Hour: "1h0m0s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		2 * time.Minute: "2m", 90 * time.Second: "1m30s", 30 * time.Second: "30s", time.Hour: "1h", 10 * time.Minute: "10m",
	} {
		if got := budget(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

func TestTheLocaleDecidesOnUnicode(t *testing.T) {
	cases := []struct {
		name string
		env  []string
		goos string
		want bool
	}{
		{"LANG", []string{"LANG", "de_DE.UTF-8"}, "linux", true},
		{"LC_ALL wins over LANG", []string{"LANG", "C.UTF-8", "LC_ALL", "C"}, "linux", false},
		{"LC_CTYPE wins over LANG", []string{"LANG", "C", "LC_CTYPE", "en_US.utf8"}, "linux", true},
		{"nothing is POSIX", nil, "linux", false},
		{"nothing on macOS", nil, "darwin", true},
		{"the old Windows console", nil, "windows", false},
		{"the new Windows terminal", []string{"WT_SESSION", "1"}, "windows", true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := utf8Locale(env(tc.env...), tc.goos); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAHintSurvivesWrappingAndDoesNotChangeTheText(t *testing.T) {
	cause := errors.New("no such file")
	err := fmt.Errorf("read config: %w", Hint(cause, "write one with %s", "kubectl turnup config"))
	if err.Error() != "read config: no such file" || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if got := HintOf(err); got != "write one with kubectl turnup config" {
		t.Errorf("hint %q", got)
	}
	if Hint(nil, "nothing") != nil {
		t.Error("no error became one")
	}
	if HintOf(errors.Join(cause, Hint(cause, "first"), Hint(cause, "second"))) != "first" {
		t.Error("the first hint of several errors counts")
	}
}

func TestConfirmWithoutATerminalNeedsYes(t *testing.T) {
	var buffer bytes.Buffer
	o := New(&buffer, Options{Env: env(), Stdin: strings.NewReader("y\n")})
	err := o.Confirm(context.Background(), "Delete cluster demo?")
	if err == nil || HintOf(err) != "add --yes to go ahead" {
		t.Errorf("%v, hint %q", err, HintOf(err))
	}
	o = New(&buffer, Options{Env: env(), Yes: true})
	if err := o.Confirm(context.Background(), "Delete cluster demo?"); err != nil {
		t.Error(err)
	}
	if buffer.Len() > 0 {
		t.Errorf("printed %q", buffer.String())
	}
}

func TestConfirmTakesOnlyYesForYes(t *testing.T) {
	for answer, want := range map[string]error{
		"y\n": nil, "YES\n": nil, "yes": nil, "\n": ErrDeclined, "": ErrDeclined, "no\n": ErrDeclined, "yep\n": ErrDeclined,
	} {
		o := New(&bytes.Buffer{}, Options{Env: env(), Stdin: strings.NewReader(answer)})
		if err := o.Ask(context.Background(), "Go on?"); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", answer, err, want)
		}
	}
}
