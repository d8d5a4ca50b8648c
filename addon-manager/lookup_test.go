package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"strings"
	"testing"
)

// serveDNS answers every A question with one address, or with "no such name".
func serveDNS(t *testing.T, answer net.IP) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(buf[12:n], 0) + 5
			reply := append([]byte(nil), buf[:end]...)
			binary.BigEndian.PutUint16(reply[2:], 0x8180)
			copy(reply[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
			if answer == nil {
				reply[3] |= 3
			} else {
				reply[7] = 1
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4)
				reply = append(reply, answer.To4()...)
			}
			if _, err := conn.WriteTo(reply, from); err != nil {
				return
			}
		}
	}()
	return conn.LocalAddr().String()
}

func TestLookupPrintsTheAddresses(t *testing.T) {
	var out bytes.Buffer
	server := serveDNS(t, net.IPv4(10, 96, 0, 1))
	if err := lookup(t.Context(), &out, []string{"kubernetes.default.svc.cluster.local", "--server", server}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "10.96.0.1\n" {
		t.Errorf("it prints %q", out.String())
	}
}

func TestALookupThatFailsSaysWhatWasAsked(t *testing.T) {
	for what, args := range map[string][]string{
		"no such name": {"nothing.cluster.local", "--server", serveDNS(t, nil)},
		"no server":    {"nothing.cluster.local", "--server", "127.0.0.1:1", "--timeout", "300ms"},
	} {
		t.Run(what, func(t *testing.T) {
			var out bytes.Buffer
			err := lookup(t.Context(), &out, args)
			if err == nil || !strings.Contains(err.Error(), "look up nothing.cluster.local at 127.0.0.1:") || out.Len() > 0 {
				t.Errorf("error is %v, output %q", err, out.String())
			}
		})
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"unknown"}, {"--interval=1ms"}, {"--nonsense"}, {"--identity="}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
