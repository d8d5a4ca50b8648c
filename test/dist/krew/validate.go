package krew

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// The rules of krew's internal/index/validation/validate.go and of the tool
// validate-krew-manifest, which its index runs on every change.
var (
	safeName = regexp.MustCompile(`^[\w-]+$`)
	digest   = regexp.MustCompile(`^[a-f0-9]{64}$`)
	// Names that Windows keeps for devices.
	devices = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)
)

// known are the pairs that krew's validator can match.
func known() []string {
	return []string{
		"windows/386", "windows/amd64", "windows/arm64",
		"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/ppc64le",
		"darwin/386", "darwin/amd64", "darwin/arm64",
	}
}

// Validate says everything that krew would refuse about a manifest that lies in
// a file of this name.
func Validate(file string, m Manifest) error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	name := m.Metadata.Name
	refuse(m.APIVersion != APIVersion, "apiVersion is %q, want %q", m.APIVersion, APIVersion)
	refuse(m.Kind != Kind, "kind is %q, want %q", m.Kind, Kind)
	refuse(!safeName.MatchString(name) || devices.MatchString(name), "metadata.name %q is not a name that krew takes", name)
	refuse(path.Base(file) != name+".yaml", "the file is named %s, want %s.yaml", path.Base(file), name)
	refuse(!semver.IsValid(m.Spec.Version) || strings.Count(m.Spec.Version, ".") < 2, "spec.version %q is no semantic version with v", m.Spec.Version)
	short := m.Spec.ShortDescription
	refuse(short == "" || strings.ContainsAny(short, "\r\n"), "spec.shortDescription is not one line")
	refuse(m.Spec.Description == "", "spec.description is empty")
	refuse(!isURL(m.Spec.Homepage), "spec.homepage %q is no URL", m.Spec.Homepage)
	refuse(len(m.Spec.Platforms) == 0, "spec.platforms is empty")
	matched := map[string]int{}
	for i, p := range m.Spec.Platforms {
		for _, err := range problems(p) {
			errs = append(errs, fmt.Errorf("spec.platforms[%d]: %w", i, err))
		}
		for _, pair := range known() {
			if !p.matches(pair) {
				continue
			}
			if other, twice := matched[pair]; twice {
				errs = append(errs, fmt.Errorf("spec.platforms[%d] and [%d] both match %s", other, i, pair))
			}
			matched[pair] = i
		}
	}
	return errors.Join(errs...)
}

func problems(p Platform) []error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(len(p.Selector.MatchLabels) == 0, "the selector is empty")
	for key := range p.Selector.MatchLabels {
		refuse(key != "os" && key != "arch", "the selector has the key %q, want os and arch", key)
	}
	refuse(!slices.ContainsFunc(known(), p.matches), "the selector matches no platform that krew knows")
	refuse(!isURL(p.URI), "uri %q is no URL", p.URI)
	refuse(!strings.HasSuffix(p.URI, ".tar.gz") && !strings.HasSuffix(p.URI, ".zip"), "uri %q is neither .tar.gz nor .zip", p.URI)
	refuse(!digest.MatchString(p.SHA256), "sha256 %q is no digest", p.SHA256)
	inside := p.Bin != "" && !path.IsAbs(p.Bin) && !strings.HasPrefix(path.Clean(p.Bin), "..")
	refuse(!inside, "bin %q is not inside of the archive", p.Bin)
	refuse(p.Selector.MatchLabels["os"] == "windows" && !strings.HasSuffix(p.Bin, ".exe"), "bin %q has no .exe on Windows", p.Bin)
	return errs
}

// matches tells whether the platform is the one for OS/ARCH.
func (p Platform) matches(pair string) bool {
	system, arch, _ := strings.Cut(pair, "/")
	is := map[string]string{"os": system, "arch": arch}
	for key, want := range p.Selector.MatchLabels {
		if is[key] != want {
			return false
		}
	}
	return true
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
