package wizard

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// TestMain is also the small program that the tests of a real terminal run.
func TestMain(m *testing.M) {
	if os.Getenv("WIZARD_PROGRAM") != "" {
		os.Exit(program())
	}
	flag.Parse()
	os.Exit(m.Run())
}

func program() int {
	config, err := load(os.DirFS(cmp.Or(os.Getenv("WIZARD_TREE"), "testdata/cluster")), "Kconfig")
	if err != nil {
		fmt.Println(err)
		return 2
	}
	path := os.Getenv("WIZARD_PROGRAM")
	ctx := context.Background()
	if limit, err := time.ParseDuration(os.Getenv("WIZARD_LIMIT")); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	result, err := Run(ctx, Options{
		Config:      config,
		Path:        path,
		Save:        func() error { return write(config, path) },
		SaveMinimal: func(to string) error { return writeMinimal(config, to) },
		Load:        func(from string) error { return read(config, from) },
		Check:       func() []Problem { return check(config) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("left:", result.Outcome, result.Saves)
	return 0
}

func write(config *kconfig.Config, path string) error {
	var b strings.Builder
	if err := config.WriteDotConfig(&b, ""); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

func writeMinimal(config *kconfig.Config, path string) error {
	var b strings.Builder
	if err := config.WriteMinimal(&b, ""); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

func read(config *kconfig.Config, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	next := config.Tree().NewConfig()
	problems, err := next.ReadDotConfig(file, path, "")
	if err != nil || len(problems) > 0 {
		return errors.Join(err, problems)
	}
	config.Reset()
	for s := range next.UserSet() {
		value, _ := next.UserValue(s)
		_ = config.Set(s.Name, value)
	}
	return nil
}

// check is a cross-field rule such as a real caller has.
func check(config *kconfig.Config) []Problem {
	tree := config.Tree()
	pods, services := tree.Symbol("network.pod_cidr"), tree.Symbol("network.service_cidr")
	if pods == nil || config.Value(pods) != config.Value(services) {
		return nil
	}
	return []Problem{{
		Symbols: []string{pods.Name, services.Name},
		Message: "network.pod_cidr: " + config.Value(pods) + " overlaps network.service_cidr; choose ranges that share no address",
	}}
}
