package events

import (
	"fmt"
	"testing"
	"time"
)

func TestTheSameEventIsNotToldAgainSoon(t *testing.T) {
	m, now := newMemory(), time.Unix(1_800_000_000, 0)
	at := func(after time.Duration, addon, message string) bool {
		return m.news(event{addon: addon, kind: Warning, reason: NotReady, message: message, at: now.Add(after)})
	}
	if !at(0, "a", "x") || at(time.Second, "a", "x") || at(soon-time.Second, "a", "x") {
		t.Error("it is told not at all, or again")
	}
	if !at(time.Second, "b", "x") || !at(time.Second, "a", "y") {
		t.Error("another event is not told")
	}
	if !at(soon+time.Minute, "a", "x") {
		t.Error("it is never told again")
	}
}

func TestAnAddonThatFlapsIsToldSeldom(t *testing.T) {
	m, now := newMemory(), time.Unix(1_800_000_000, 0)
	told := 0
	for i := range 3600 {
		if m.news(event{addon: "a", reason: NotReady, message: fmt.Sprint(i), at: now.Add(time.Duration(i) * time.Second)}) {
			told++
		}
	}
	if told < burst || told > burst+60 {
		t.Errorf("%d events in an hour", told)
	}
	if !m.news(event{addon: "b", reason: NotReady, at: now}) {
		t.Error("another addon pays for it")
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	m, now := newMemory(), time.Unix(1_800_000_000, 0)
	for i := range 10 * remembered {
		m.news(event{addon: fmt.Sprint(i), at: now})
	}
	if len(m.told) > remembered || len(m.left) > remembered {
		t.Errorf("it holds %d and %d", len(m.told), len(m.left))
	}
}
