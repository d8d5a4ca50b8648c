// Command fluentd-stand-in takes fluentd's place in the end-to-end test: it reads
// the log files that the DaemonSet mounts, and tells what it has read. It reads
// no configuration and sends nothing anywhere.
//
//	GET /api/plugins.json   answers, as fluentd's monitor does
//	GET /lines?text=T       how many lines with T it has read, of which files
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const pattern = "/var/log/containers/*.log"

// reader keeps every line that it has read: it lives as long as a test.
type reader struct {
	mu      sync.Mutex
	offsets map[string]int64
	lines   map[string][]string
}

func main() {
	r := &reader{offsets: map[string]int64{}, lines: map[string][]string{}}
	go func() {
		for range time.Tick(500 * time.Millisecond) {
			r.look()
		}
	}()
	http.HandleFunc("/api/plugins.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"plugins":[]}`))
	})
	http.HandleFunc("/lines", func(w http.ResponseWriter, request *http.Request) {
		_ = json.NewEncoder(w).Encode(r.with(request.FormValue("text")))
	})
	log.Fatal(http.ListenAndServe(":24220", nil))
}

// look reads what was added to each file since the last time.
func (r *reader) look() {
	paths, _ := filepath.Glob(pattern)
	for _, path := range paths {
		if err := r.read(path); err != nil {
			log.Print(err)
		}
	}
}

func (r *reader) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := file.Seek(r.offsets[path], 0); err != nil {
		return err
	}
	for in := bufio.NewReader(file); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil // the rest of a line comes with the next look
		}
		r.offsets[path] += int64(len(line))
		r.lines[path] = append(r.lines[path], strings.TrimSuffix(line, "\n"))
	}
}

// with counts the lines with a text, by the name of their file.
func (r *reader) with(text string) map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[string]int{}
	for path, lines := range r.lines {
		for _, line := range lines {
			if strings.Contains(line, text) {
				found[filepath.Base(path)]++
			}
		}
	}
	return found
}
