package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARecordingIsReadAsItWasWritten(t *testing.T) {
	r := recording{columns: 20, lines: 4, title: "a <b>", events: []output{{0.5, "\x1b[32mgo\x1b[0m\r\n"}, {1.25, "stop"}}}
	data, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again, cmp.AllowUnexported(recording{}, output{})); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"", "{", string(data) + "[1,"} {
		if _, err := decode(strings.NewReader(broken)); err == nil {
			t.Errorf("%q is read", broken)
		}
	}
}

func TestAPictureShowsTheLastScreenWithAText(t *testing.T) {
	r := recording{columns: 20, lines: 4, title: "t", events: []output{{0, "working"}, {1, "\r\x1b[31mworking\x1b[0m  2s"}, {2, "\r\x1b[Kdone & dusted"}}}
	vt, err := r.moment("working")
	if err != nil {
		t.Fatal(err)
	}
	got := string(terminalSVG(r.title, vt))
	for _, want := range []string{`fill="#f47067">working</text>`, `<text x="86" y="27" textLength="16"`, ">2s</text>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if vt, err = r.moment("done"); err != nil {
		t.Fatal(err)
	}
	if got := string(terminalSVG(r.title, vt)); !strings.Contains(got, ">done &amp; dusted</text>") {
		t.Error(got)
	}
	if _, err := r.moment("nowhere"); err == nil {
		t.Error("a text that is never shown is found")
	}
}
