// Package preflight looks at hosts before anything is done to them, and says all
// at once what would make them fail as nodes.
//
// The script gathers facts on a host and changes nothing; Judge, which is pure,
// makes findings of the facts of all hosts.
package preflight

import (
	_ "embed" // the script
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Script prints the facts of the host it runs on; Questions are its stdin.
//
//go:embed facts.sh
var Script string

// Facts are what a host told, by key.
type Facts map[string]string

// Parse reads what the script printed.
func Parse(out string) Facts {
	facts := Facts{}
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			facts[key] = strings.TrimSpace(value)
		}
	}
	return facts
}

// number is a fact that counts something; -1 if it is not known.
func (f Facts) number(key string) int64 {
	n, err := strconv.ParseInt(f[key], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// listens tells whether something on the host has a TCP port.
func (f Facts) listens(port int) bool {
	want := fmt.Sprintf("%04X", port)
	for _, have := range strings.Fields(f["listen"]) {
		if have == want {
			return true
		}
	}
	return false
}

// clock is the host's time; zero if it is not known.
func (f Facts) clock() time.Time {
	text, _, _ := strings.Cut(f["time"], "N") // a date(1) that does not know %N prints it
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, int64(seconds*float64(time.Second)))
}

// dialPeers is how many of the other machines each host dials: all of a small
// cluster, and not the square of a large one.
const dialPeers = 20

// Outside are the hosts, some with a port, that a machine pulls images from, and the
// proxies by which it reaches others.
type Outside struct{ Registries, Proxies []string }

// Questions are what a machine has to dial: the other machines, the API
// server's endpoint, and what is outside.
func Questions(file machines.File, m machines.Machine, outside Outside) string {
	var out strings.Builder
	host, port, err := net.SplitHostPort(file.Endpoint)
	if err == nil && host != m.Address {
		fmt.Fprintf(&out, "dial endpoint %s %s\n", host, port)
	}
	n := 0
	for _, peer := range file.Machines {
		if peer.Name == m.Name || n == dialPeers {
			continue
		}
		n++
		// Whatever the port's state, an answer proves the way.
		fmt.Fprintf(&out, "dial peer.%s %s 10250\n", peer.Name, peer.Address)
	}
	dial := func(kind, target string) {
		host, port := target, "443"
		if h, p, err := net.SplitHostPort(target); err == nil {
			host, port = h, p
		}
		fmt.Fprintf(&out, "dial %s.%s %s %s\n", kind, target, host, port)
	}
	for _, registry := range outside.Registries {
		dial("registry", registry)
	}
	for _, proxy := range outside.Proxies {
		dial("proxy", proxy)
	}
	return out.String()
}
