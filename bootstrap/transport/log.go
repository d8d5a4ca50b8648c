package transport

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// maxLog is how long a log grows before it is kept as .old and begun anew.
const maxLog = 1 << 20

// log is what was run on a machine, when, and what it complained about. It is
// there to be read after something went wrong; that it cannot be written is no
// reason to leave a machine alone, so its errors are dropped.
type log struct {
	mu   sync.Mutex
	path string
	file *os.File
}

// newLog returns the log of a machine in a directory; nothing is written to it
// when the directory is "".
func newLog(dir, machine string) *log {
	if dir == "" {
		return &log{}
	}
	return &log{path: filepath.Join(dir, machine+".log")}
}

// begin notes that a script starts. It returns where the script's stderr goes
// to, and what is to be called with the script's outcome.
func (l *log) begin(script string) (stderr io.Writer, end func(outcome string)) {
	start := time.Now()
	name := titleOf(script)
	l.line("run", name)
	lines := &lineWriter{to: func(text string) { l.line("err", text) }}
	return lines, func(outcome string) {
		lines.flush()
		l.line("end", fmt.Sprintf("%s: %s after %s", name, outcome, time.Since(start).Round(10*time.Millisecond)))
	}
}

// titleOf is a script's first line: the comment that names it, or its command.
func titleOf(script string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(script), "\n")
	first = strings.TrimSpace(strings.TrimLeft(first, "#"))
	const most = 100
	if len(first) > most {
		first = first[:most] + "…"
	}
	return first
}

func (l *log) line(kind, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" || l.open() != nil {
		return
	}
	_, _ = fmt.Fprintf(l.file, "%s %s %s\n", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), kind, text)
}

func (l *log) open() error {
	if l.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(l.path); err == nil && info.Size() > maxLog {
		_ = os.Rename(l.path, l.path+".old") // else it grows on
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	l.file = file
	return err
}

// Close ends the log.
func (l *log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.path = ""
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// lineWriter hands on what is written to it line by line.
type lineWriter struct {
	rest []byte
	to   func(line string)
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.to(string(line))
		w.rest = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.to(string(w.rest))
		w.rest = nil
	}
}

// outcome is how a script's run is told in the log.
func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return strings.ReplaceAll(err.Error(), "\n", " | ")
}
