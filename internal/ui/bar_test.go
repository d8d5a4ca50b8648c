package ui

import (
	"bytes"
	"testing"
	"time"
)

func TestABarShowsShareAmountAndSpeed(t *testing.T) {
	now := time.Unix(0, 0)
	out := New(&bytes.Buffer{}, Options{Env: func(string) string { return "" }, Now: func() time.Time { return now }})
	step := out.Step("save images", 0)
	for _, c := range []struct {
		after       time.Duration
		done, total int64
		want        string
	}{
		{0, 0, 100 << 20, "[                    ] 0% of 100 MiB"},
		{10 * time.Second, 50 << 20, 100 << 20, "[==========          ] 50% of 100 MiB, 5 MiB/s"},
		{10 * time.Second, 200 << 20, 100 << 20, "[====================] 100% of 100 MiB, 10 MiB/s"},
		{10 * time.Second, 1, 0, "[====================] 100% of 100 MiB, 10 MiB/s"}, // nothing is known: as it was
	} {
		now = time.Unix(0, 0).Add(c.after)
		step.Advance(c.done, c.total)
		if step.seen != c.want {
			t.Errorf("%d of %d: %q, want %q", c.done, c.total, step.seen, c.want)
		}
	}
}

func TestAmountsAreShort(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 4 << 10: "4 KiB", 330 << 20: "330 MiB", 3 << 29: "1.5 GiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
