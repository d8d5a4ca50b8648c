package ui

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// style is what the terminal can show.
type style struct {
	live, colour     bool
	done, fail, skip string
	frames           []string
}

func newStyle(env func(string) string, tty bool) style {
	dumb := env("TERM") == "dumb"
	s := style{
		live: tty && !dumb, colour: tty && !dumb && env("NO_COLOR") == "",
		done: "✓", fail: "✗", skip: "-",
		frames: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
	}
	if !utf8Locale(env, runtime.GOOS) {
		s.done, s.fail, s.frames = "+", "x", []string{"|", "/", "-", `\`}
	}
	return s
}

// utf8Locale follows the C library: the first of these that is set decides.
func utf8Locale(env func(string) string, goos string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(env(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	// Windows has no such variables; its newer terminal can.
	return goos == "darwin" || goos == "windows" && env("WT_SESSION") != ""
}

func (s style) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }

// mark is the sign in front of a finished step.
func (s style) mark(state State) string {
	switch state {
	case Failed:
		return s.red(s.fail)
	case Skipped:
		return s.dim(s.skip)
	}
	return s.green(s.done)
}

// short writes a duration the way a line of progress wants it: 4.2s, 1m4s.
func short(d time.Duration) string {
	if d = d.Round(100 * time.Millisecond); d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// budget writes a limit without needless zeros: 2m, not 2m0s.
func budget(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
