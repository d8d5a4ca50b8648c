package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// fault is something that goes wrong on purpose.
type fault struct {
	// On is the operation: configure, plan, create, read, update, delete or data.
	On string `json:"on"`
	// Type of the resource; "" is any.
	Type string `json:"type"`
	// Nth is the first time that it goes wrong, from 1 on, counted in this process; 0 is the first.
	Nth int `json:"nth"`
	// Do is one of fail, crash, hang, orphan, half: orphan makes the object, and crashes
	// before it says so; half makes it, and says that it failed.
	Do string `json:"do"`
	// Says and Detail are the error of fail and half.
	Says   string `json:"says"`
	Detail string `json:"detail"`
}

type faults struct {
	mu   sync.Mutex
	list []fault
	seen []int
	stop chan struct{} // closed once terraform wants to stop
}

// stopped ends what hangs.
func (f *faults) stopped() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
}

func readFaults(text string) (*faults, error) {
	f := &faults{stop: make(chan struct{})}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &f.list); err != nil {
			return nil, fmt.Errorf("read %s: %w", envFaults, err)
		}
	}
	f.seen = make([]int, len(f.list))
	return f, nil
}

// failure is a diagnostic of the cloud.
type failure struct{ summary, detail string }

func (f failure) Error() string { return f.summary }

// strike makes the operation go wrong if that is due. What it returns is to be
// called once the operation is done.
func (f *faults) strike(ctx context.Context, operation, kind string) (after func() error, err error) {
	found, due := f.due(operation, kind)
	if !due {
		return func() error { return nil }, nil
	}
	says := failure{found.Says, found.Detail}
	switch found.Do {
	case "crash":
		crash()
	case "hang":
		select {
		case <-f.stop:
		case <-ctx.Done():
		}
		return nil, failure{"operation was canceled", ""}
	case "orphan":
		return func() error { crash(); return nil }, nil
	case "half":
		return func() error { return says }, nil
	}
	return nil, says
}

func (f *faults) due(operation, kind string) (fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, candidate := range f.list {
		if candidate.On != operation || (candidate.Type != "" && candidate.Type != kind) {
			continue
		}
		f.seen[i]++
		if f.seen[i] >= candidate.Nth {
			return candidate, true
		}
	}
	return fault{}, false
}

// crash is how providers crash: terraform then prints the stack. What others have
// made at this moment is answered first: unanswered, it would be an orphan that no
// test knows of. The panic is another goroutine's: this one would give its locks back
// on its way out, and who waits for them would make something more.
func crash() {
	time.Sleep(2 * time.Second)
	go func() { panic("schemaprovider was told to crash") }()
	select {}
}
