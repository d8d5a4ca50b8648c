package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// lookup asks one DNS server for a name's IPv4 addresses: run in this pod, on
// the host's network, it proves that the cluster's DNS answers at its Service IP.
func lookup(ctx context.Context, out io.Writer, args []string) error {
	set := flag.NewFlagSet("addon-manager lookup NAME", flag.ContinueOnError)
	server := set.String("server", "", "the DNS server, IP:port")
	timeout := set.Duration("timeout", 2*time.Second, "how long to wait for the answer")
	// The name may stand before the flags.
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := set.Parse(args); err != nil {
		return err
	}
	if name == "" {
		name = set.Arg(0)
	}
	if name == "" || *server == "" {
		return errors.New("usage: addon-manager lookup NAME --server IP:53")
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, *server)
	}}
	// The final dot keeps the host's search domains out of it.
	addresses, err := resolver.LookupIP(ctx, "ip4", strings.TrimSuffix(name, ".")+".")
	if err != nil {
		return fmt.Errorf("look up %s at %s: %w", name, *server, err)
	}
	for _, address := range addresses {
		fmt.Fprintln(out, address)
	}
	return nil
}
