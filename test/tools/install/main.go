// Command install puts the tools of phase 1 into a directory: the Terraform
// provider for Docker, laid out as a plugin directory, and OpenTofu where
// neither terraform nor tofu is on PATH. Both come from their Go modules, for
// places that have no Terraform registry. A second run does nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// version of the Docker provider: the module is pinned to a commit two weeks
// behind the tag v4.6.0, the newest release in its CHANGELOG. It has to be a
// plain number: Terraform's constraints never match a pre-release.
const version = "4.6.0"

// hosts are where terraform and tofu look for a provider without a host in its name.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

func main() {
	bin := flag.String("bin", "bin", "`directory` to install into")
	tools := flag.String("tools", filepath.Join("test", "tools"), "`directory` with the tools' Go modules")
	tofu := flag.Bool("tofu", false, "build OpenTofu even where terraform or tofu is on PATH")
	flag.Parse()
	if err := install(*bin, *tools, *tofu); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func install(bin, tools string, tofu bool) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err := provider(filepath.Join(bin, "terraform-providers"), filepath.Join(tools, "provider")); err != nil {
		return err
	}
	if !tofu && (found("terraform") || found("tofu")) {
		return nil
	}
	return build(filepath.Join(bin, "tofu"+exe()), filepath.Join(tools, "tofu"),
		"-X github.com/opentofu/opentofu/version.dev=no", "github.com/opentofu/opentofu/cmd/tofu")
}

// provider builds the provider once and gives it a place under each host.
func provider(mirror, module string) error {
	first := ""
	for _, host := range hosts {
		file := filepath.Join(mirror, host, "kreuzwerker", "docker", version,
			runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-docker_v"+version+exe())
		if first == "" {
			first = file
			err := build(file, module, "-X main.version="+version, "github.com/terraform-providers/terraform-provider-docker")
			if err != nil {
				return err
			}
			continue
		}
		if err := link(first, file); err != nil {
			return err
		}
	}
	return nil
}

// build compiles a package into file, unless file is younger than its module.
func build(file, module, ldflags, pkg string) error {
	if fresh(file, filepath.Join(module, "go.mod"), filepath.Join(module, "go.sum")) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	start := time.Now()
	fmt.Fprintf(os.Stderr, "building %s (minutes when nothing is cached)\n", filepath.Base(file))
	// The new file takes its place in one step: a provider may be running.
	fresh := file + ".new"
	args := []string{"go", "build", "-trimpath", "-ldflags", "-s -w " + ldflags, "-o", fresh, pkg}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "5"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = module, os.Stderr, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s in %s: %w", pkg, module, err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "built %s in %s\n", filepath.Base(file), time.Since(start).Round(time.Second))
	return nil
}

// fresh says that file exists and is younger than all of the others.
func fresh(file string, than ...string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	for _, other := range than {
		if o, err := os.Stat(other); err != nil || o.ModTime().After(info.ModTime()) {
			return false
		}
	}
	return true
}

// link makes to the same file as from, by copying where the disk has no hard links.
func link(from, to string) error {
	a, err := os.Stat(from)
	if err != nil {
		return err
	}
	if b, err := os.Stat(to); err == nil && (os.SameFile(a, b) || fresh(to, from)) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func found(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
