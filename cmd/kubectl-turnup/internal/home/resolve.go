package home

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// DefaultConfigFile is read when no --config is given and it is there.
const DefaultConfigFile = ".config.json"

// Request is what a user asks for on the command line, before it is a cluster.
type Request struct {
	// Name of the cluster; "" leaves it to the config.
	Name string
	// ConfigFile is --config: a path, "-" for stdin, or "".
	ConfigFile string
	// Set are the --set assignments, applied last.
	Set []string
	// Bundle is --bundle: the directory of an image bundle, or "".
	Bundle string
	// Base is the directory that holds the clusters' directories.
	Base  string
	Stdin io.Reader
	// Warn hears what is odd about the config; nil is nobody.
	Warn func(format string, args ...any)
}

// Resolve finds the config of the cluster to create: --config, else
// .config.json, else what the cluster was last created with, else the defaults;
// then --bundle, NAME and --set.
func Resolve(req Request) (config.Cluster, error) {
	cfg, err := base(req)
	if err != nil {
		return config.Cluster{}, err
	}
	if req.Name != "" {
		if err := config.Set(&cfg, "cluster.name="+req.Name); err != nil {
			return config.Cluster{}, ui.Hint(err, "choose another NAME, for instance demo")
		}
	}
	if req.Bundle != "" {
		if cfg.Bootstrap.Bundle, err = filepath.Abs(req.Bundle); err != nil {
			return config.Cluster{}, fmt.Errorf("find bundle: %w", err)
		}
	}
	if err := config.Set(&cfg, req.Set...); err != nil {
		return config.Cluster{}, ui.Hint(err, "`kubectl turnup create --help` shows how --set is written")
	}
	if err := config.Validate(cfg); err != nil {
		return config.Cluster{}, err
	}
	if err := HasCredentials(cfg); err != nil {
		return config.Cluster{}, err
	}
	home := Of(req.Base, cfg.Cluster.Name)
	if !home.Exists() {
		return cfg, nil
	}
	stored, err := home.ReadConfig()
	if err != nil {
		return config.Cluster{}, ui.Hint(err, mendRecord)
	}
	if cfg.Bootstrap.Bundle == "" {
		cfg.Bootstrap.Bundle = stored.Bootstrap.Bundle
	}
	return cfg, unchangeable(stored, cfg)
}

// mendRecord is what to do when our own copy of a config cannot be read.
const mendRecord = "that file is turnup's own record; delete it, and `kubectl turnup create` with your config writes it again"

func base(req Request) (config.Cluster, error) {
	path := req.ConfigFile
	if _, err := os.Stat(DefaultConfigFile); err == nil && path == "" {
		path = DefaultConfigFile
	}
	if path != "" {
		return load(req, path)
	}
	cfg := config.Default()
	name := req.Name
	if name == "" {
		name = cfg.Cluster.Name
	}
	if home := Of(req.Base, name); home.Exists() {
		stored, err := home.ReadConfig()
		return stored, ui.Hint(err, mendRecord)
	}
	return cfg, nil
}

func load(req Request, path string) (config.Cluster, error) {
	file, err := config.Open(path, req.Stdin, config.Strict)
	if err != nil {
		return config.Cluster{}, ui.Hint(err, "`kubectl turnup config explain SYMBOL` says what a symbol takes")
	}
	for _, warning := range file.Warnings {
		if req.Warn != nil {
			req.Warn("%s", warning)
		}
	}
	return config.Of(file.Config), nil
}

// unchangeable refuses what cannot change below the feet of a running cluster.
func unchangeable(old, wanted config.Cluster) error {
	var errs []error
	fixed := []string{
		"provision.platform", "provision.local.subnet",
		"bootstrap.kubernetes_version", "bootstrap.container_runtime", "bootstrap.encryption",
		"network.provider", "network.pod_cidr", "network.service_cidr", "network.domain",
	}
	if _, ok := config.CloudOf(old); ok && old.Provision.Platform == wanted.Provision.Platform {
		fixed = append(fixed, fixedInCloud(old.Provision.Platform)...)
		errs = append(errs, endpointMoves(old, wanted))
	}
	for _, path := range fixed {
		before, errBefore := config.Get(old, path)
		after, errAfter := config.Get(wanted, path)
		if err := errors.Join(errBefore, errAfter); err != nil {
			return err
		}
		if before != after {
			errs = append(errs, fmt.Errorf("%s is %v in the cluster %s and cannot become %v", path, before, old.Cluster.Name, after))
		}
	}
	return ui.Hint(errors.Join(errs...), "`kubectl turnup delete %s` and create it anew, or choose another name", old.Cluster.Name)
}

// Find returns the existing cluster that a verb is about: the one named, else
// the only one there is, else the one the config names.
func Find(req Request) (Home, config.Cluster, error) {
	name, err := which(req)
	if err != nil {
		return Home{}, config.Cluster{}, err
	}
	home := Of(req.Base, name)
	if !home.Exists() {
		return Home{}, config.Cluster{}, missing(req.Base, name)
	}
	cfg, err := home.ReadConfig()
	return home, cfg, ui.Hint(err, mendRecord)
}

// FindDoomed is Find for a cluster that is to be deleted. On this computer that
// takes no more than its name: a record that another version wrote, or a crash
// spoilt, is no obstacle. Elsewhere the record says where its machines are.
func FindDoomed(req Request) (Home, config.Cluster, error) {
	home, cfg, err := Find(req)
	if err == nil || home.Dir == "" || !home.Exists() {
		return home, cfg, err
	}
	if !home.onThisComputer() {
		return home, cfg, ui.Hint(err, "its machines are not on this computer, and the record says where; put %s right, or remove them with terraform -chdir=%s destroy, and then the directory",
			ui.Relative(home.Config()), ui.Relative(home.Terraform()))
	}
	cfg = config.Default()
	cfg.Cluster.Name = filepath.Base(home.Dir)
	return home, cfg, nil
}

func which(req Request) (string, error) {
	if req.Name != "" {
		return req.Name, nil
	}
	names, err := List(req.Base)
	if err != nil {
		return "", err
	}
	if len(names) == 1 && req.ConfigFile == "" {
		return names[0], nil
	}
	cfg, err := base(req)
	return cfg.Cluster.Name, err
}

func missing(dir, name string) error {
	names, err := List(dir)
	if err != nil {
		return err
	}
	problem := fmt.Errorf("there is no cluster %q in %s", name, dir)
	if len(names) > 0 {
		return ui.Hint(problem, "the clusters there are: %s", strings.Join(names, ", "))
	}
	return ui.Hint(problem, "`kubectl turnup create` makes one; --dir says where clusters are kept")
}
