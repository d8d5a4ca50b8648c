//go:build !windows

package ui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// screenOf runs talk on a terminal of the given width and returns all that
// was written to it. keys is what the person types.
func screenOf(t *testing.T, columns uint16, keys string, talk func(tty *os.File)) string {
	t.Helper()
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("open a terminal: %v", err)
	}
	if err := pty.Setsize(person, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = seen.ReadFrom(person) }) // ends with EIO once tty is closed
	if _, err := person.WriteString(keys); err != nil {
		t.Fatal(err)
	}
	talk(tty)
	_ = tty.Close()
	wg.Wait()
	_ = person.Close()
	return seen.String()
}

func TestATerminalShowsALiveLineAndKeepsTheFinalOne(t *testing.T) {
	got := screenOf(t, 60, "", func(tty *os.File) {
		o := New(tty, Options{Env: env("LANG", "C.UTF-8", "TERM", "xterm")})
		s := o.Step("bootstrap demo", 2*time.Minute)
		s.See("the API server of demo refuses connections on every address it has")
		time.Sleep(250 * time.Millisecond)
		o.Warnf("above the live line")
		s.Done()
	})
	for _, want := range []string{
		"⠋ bootstrap demo (0s of 2m)", "⠙ bootstrap demo (0s of 2m): the API", "\x1b[1A\x1b[J",
		"\x1b[33mwarning:\x1b[0m above the live line\r\n", "\x1b[32m✓\x1b[0m bootstrap demo \x1b[2m(0.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	for line := range strings.Lines(got) {
		if plain := line[strings.LastIndex(line, "J")+1:]; !strings.Contains(plain, "\x1b") && len([]rune(plain)) > 62 {
			t.Errorf("the line would wrap: %q", plain)
		}
	}
	if after := got[strings.LastIndex(got, "\x1b[J"):]; !strings.Contains(after, "✓") || strings.Contains(after, "⠋") {
		t.Errorf("what stays is %q", after)
	}
}

func TestADumbTerminalAndNoColorGetPlainLines(t *testing.T) {
	got := screenOf(t, 80, "", func(tty *os.File) {
		New(tty, Options{Env: env("LANG", "C.UTF-8", "TERM", "dumb")}).Step("provision", 0).Done()
	})
	if got != " ✓ provision (0.0s)\r\n" {
		t.Errorf("dumb: %q", got)
	}
	got = screenOf(t, 80, "", func(tty *os.File) {
		New(tty, Options{Env: env("LANG", "C.UTF-8", "NO_COLOR", "1")}).Step("provision", 0).Done()
	})
	if !strings.HasSuffix(got, " ✓ provision (0.0s)\r\n") || strings.Contains(got, "m✓") {
		t.Errorf("NO_COLOR: %q", got)
	}
}

func TestManyStepsFitOnTheTerminal(t *testing.T) {
	got := screenOf(t, 80, "", func(tty *os.File) {
		o := New(tty, Options{Env: env("TERM", "xterm")})
		for range rows + 3 {
			o.Step("machine", 0)
		}
		o.Close()
	})
	if !strings.Contains(got, "and 3 more") || !strings.HasSuffix(got, "\x1b[9A\x1b[J") {
		t.Errorf("%q", got)
	}
}

func TestATerminalShowsTheBoardBelowTheRunningSteps(t *testing.T) {
	got := screenOf(t, 80, "", func(tty *os.File) {
		o := New(tty, Options{Env: env("LANG", "C.UTF-8", "TERM", "xterm")})
		b := o.Board("machine", "ready")
		s := o.Step("provision", 0)
		b.Start("demo-worker-1", "machine")
		time.Sleep(250 * time.Millisecond)
		b.Close()
		s.Done()
	})
	live := "⠙ provision (0s)\r\n   machine        machine   ready\r\n   demo-worker-1  ⠙ 0s\r\n\r\x1b[3A\x1b[J"
	if !strings.Contains(got, live) {
		t.Errorf("%q is missing in %q", live, got)
	}
	if after := got[strings.LastIndex(got, "\x1b[J"):]; strings.Contains(after, "demo-worker-1") {
		t.Errorf("what stays is %q", after)
	}
}

func TestAPersonAtATerminalIsAsked(t *testing.T) {
	var err error
	got := screenOf(t, 80, "y\n", func(tty *os.File) {
		err = New(tty, Options{Env: env(), Stdin: tty}).Confirm(context.Background(), "Delete cluster demo?")
	})
	if err != nil || !strings.Contains(got, "Delete cluster demo? [y/N] ") {
		t.Errorf("%v, %q", err, got)
	}
}

func TestAnInterruptEndsTheQuestion(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = write.Close() }()
	o := New(&bytes.Buffer{}, Options{Env: env(), Stdin: read})
	if err := o.Ask(ctx, "Go on?"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestASecretIsAskedForAndNotShown(t *testing.T) {
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("open a terminal: %v", err)
	}
	defer person.Close()
	var seen bytes.Buffer
	var wg sync.WaitGroup
	wg.Go(func() {
		typed := false
		for buffer := make([]byte, 256); ; {
			n, err := person.Read(buffer) // ends with EIO once tty is closed
			if err != nil {
				return
			}
			seen.Write(buffer[:n])
			if !typed && strings.Contains(seen.String(), "Password: ") {
				typed = true
				time.Sleep(100 * time.Millisecond) // a person is slower than the terminal
				_, _ = person.WriteString("hunter2\n")
			}
		}
	})
	secret, err := New(tty, Options{Env: env(), Stdin: tty, Yes: true}).Secret(context.Background(), "Password")
	_ = tty.Close()
	wg.Wait()
	if err != nil || secret != "hunter2" || strings.Contains(seen.String(), "hunter2") {
		t.Errorf("%q, %v, on the screen %q", secret, err, seen.String())
	}
}
