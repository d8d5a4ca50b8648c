package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc, 1/100 s on every Linux.
const tick = 10 * time.Millisecond

// cpu is how much a process has computed.
func cpu(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may have spaces in it.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("read /proc/%d/stat: %q", pid, data)
	}
	return time.Duration(user+system) * tick, nil
}

// memory is a process's resident memory, now and at its peak, in MiB.
func memory(pid int) (now, peak float64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kib, err := strconv.Atoi(strings.Fields(value)[0])
		if err != nil {
			return 0, 0, fmt.Errorf("read /proc/%d/status: %q", pid, line)
		}
		if name == "VmRSS" {
			now = float64(kib) / 1024
		} else {
			peak = float64(kib) / 1024
		}
	}
	return now, peak, nil
}

// child finds a process that this one has started.
func child(name string) (int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended since.
		}
		begin, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
		fields := strings.Fields(string(data[end+1:]))
		// The kernel keeps 15 characters of a name.
		if string(data[begin+1:end]) == name[:min(15, len(name))] && fields[1] == strconv.Itoa(os.Getpid()) {
			return strconv.Atoi(string(bytes.TrimSpace(data[:begin])))
		}
	}
	return 0, fmt.Errorf("find process %s: it does not run", name)
}
