package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// proto marks the routes that are ours: all others are left alone.
const proto = "198"

// setRoutes makes the machine's routes of our protocol those that are wanted, and
// says what it changed.
func setRoutes(ctx context.Context, wanted []route) (changed []string, err error) {
	present, err := routes(ctx)
	if err != nil {
		return nil, err
	}
	keep := map[string]bool{}
	var errs []error
	for _, r := range wanted {
		keep[r.Pods.String()] = true
		if present[r.Pods.String()] == r.Via.String() {
			continue
		}
		// A machine that is not reachable yet must not keep the others away.
		if _, err := run(ctx, "", "ip", "route", "replace", r.Pods.String(), "via", r.Via.String(), "proto", proto); err != nil {
			errs = append(errs, err)
			continue
		}
		changed = append(changed, "route "+r.String())
	}
	for pods := range present {
		if keep[pods] {
			continue
		}
		if _, err := run(ctx, "", "ip", "route", "del", pods, "proto", proto); err != nil {
			errs = append(errs, err)
			continue
		}
		changed = append(changed, "no more route "+pods)
	}
	return changed, errors.Join(errs...)
}

// routes are the machine's routes of our protocol: ranges and where they lead.
func routes(ctx context.Context) (map[string]string, error) {
	out, err := run(ctx, "", "ip", "-json", "route", "show", "proto", proto)
	if err != nil {
		return nil, err
	}
	var list []struct{ Dst, Gateway string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, fmt.Errorf("read the routes of ip: %w", err)
	}
	found := map[string]string{}
	for _, r := range list {
		// ip writes a range of one address without its length.
		if _, err := netip.ParseAddr(r.Dst); err == nil {
			r.Dst += "/32"
		}
		found[r.Dst] = r.Gateway
	}
	return found, nil
}

// masquerade loads the rules for what leaves the pod range.
func masquerade(ctx context.Context, pods netip.Prefix) error {
	_, err := run(ctx, ruleset(pods), "nft", "-f", "-")
	return err
}

// writeConflist puts the CNI configuration in place, whole or not at all.
func writeConflist(dir string, data []byte) error {
	path := filepath.Join(dir, "10-bridge.conflist")
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return nil
	}
	fresh := filepath.Join(dir, ".10-bridge.conflist.new")
	if err := os.WriteFile(fresh, data, 0o644); err != nil {
		return fmt.Errorf("write the CNI configuration: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("write the CNI configuration: %w", err)
	}
	return nil
}

// run is a command as a person would type it; its error holds what it said.
func run(ctx context.Context, stdin, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
