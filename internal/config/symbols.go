package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Kind is the type of a symbol's value.
type Kind string

// The kinds of symbols. A choice is a string out of a few.
const (
	Bool   Kind = "bool"
	Int    Kind = "int"
	String Kind = "string"
	Choice Kind = "choice"
)

// Symbol is one leaf of the config: what may stand at a JSON path.
type Symbol struct {
	// Path is the dotted JSON path, "provision.workers".
	Path string
	Kind Kind
	// Choices are the legal values of a Choice.
	Choices []string
	// Min and Max bound an Int.
	Min, Max int
	// Form says in words what a String has to be.
	Form    string
	accepts func(string) bool
}

// Table lists every symbol in the order of the struct, which is the order of
// the file. It is the one place that knows what is legal.
func Table() []Symbol {
	return []Symbol{
		{Path: "cluster.name", Kind: String, accepts: isClusterName,
			Form: "a DNS label of at most 30 characters (a-z and 0-9, with - inside)"},
		{Path: "provision.platform", Kind: Choice, Choices: []string{"local"}},
		{Path: "provision.control_planes", Kind: Int, Min: 1, Max: 1},
		{Path: "provision.workers", Kind: Int, Min: 0, Max: 50},
		// At least a /24: the addresses of all machines fit, with those of the
		// ten control planes and the 50 workers that are the most there can be.
		{Path: "provision.local.subnet", Kind: String, accepts: isPrefix(16, 24),
			Form: "an IPv4 prefix from /16 to /24 without host bits, like 172.30.0.0/24"},
		{Path: "bootstrap.kubernetes_version", Kind: Choice, Choices: []string{"1.37"}},
		{Path: "bootstrap.container_runtime", Kind: Choice, Choices: []string{"containerd"}},
		{Path: "bootstrap.registry", Kind: String, accepts: isRegistry,
			Form: "empty or a registry like mirror.example.com:5000/path, without scheme"},
		{Path: "bootstrap.bundle", Kind: String, accepts: isText,
			Form: "empty or the path of a directory"},
		{Path: "bootstrap.audit", Kind: Bool},
		{Path: "bootstrap.encryption", Kind: Bool},
		{Path: "bootstrap.extra_sans", Kind: String, accepts: isSANs,
			Form: "empty or IP addresses and DNS names, separated by commas without spaces"},
		{Path: "network.provider", Kind: Choice, Choices: []string{"flannel", "none"}},
		{Path: "network.pod_cidr", Kind: String, accepts: isPrefix(8, 24),
			Form: "an IPv4 prefix from /8 to /24 without host bits, like 10.244.0.0/16"},
		// The API server refuses more than 20 bits of Services; below /28 the
		// 10th address, which is DNS, is outside.
		{Path: "network.service_cidr", Kind: String, accepts: isPrefix(12, 28),
			Form: "an IPv4 prefix from /12 to /28 without host bits, like 10.96.0.0/16"},
		{Path: "network.domain", Kind: String, accepts: isDomain,
			Form: "a DNS name in lower case, like cluster.local"},
		{Path: "network.proxy_mode", Kind: Choice, Choices: []string{"iptables", "nftables"}},
		{Path: "addons.source", Kind: Choice, Choices: []string{"push"}},
		{Path: "addons.path", Kind: String, Form: "the path of a directory",
			accepts: func(s string) bool { return s != "" && isText(s) }},
		{Path: "addons.interval", Kind: Int, Min: 5, Max: 3600},
		{Path: "addons.kube_proxy", Kind: Bool},
		{Path: "addons.coredns", Kind: Bool},
	}
}

// Symbols lists the paths of all symbols, in the order of the file.
func Symbols() []string {
	var paths []string
	for _, s := range Table() {
		paths = append(paths, s.Path)
	}
	return paths
}

func lookup(path string) (Symbol, bool) {
	for _, s := range Table() {
		if s.Path == path {
			return s, true
		}
	}
	return Symbol{}, false
}

// Legal says in words which values the symbol takes.
func (s Symbol) Legal() string {
	switch {
	case s.Kind == Bool:
		return "true or false"
	case s.Kind == Int && s.Min == s.Max:
		return fmt.Sprintf("%d, the only legal value", s.Min)
	case s.Kind == Int:
		return fmt.Sprintf("a whole number from %d to %d", s.Min, s.Max)
	case s.Kind == Choice && len(s.Choices) == 1:
		return fmt.Sprintf("%q, the only legal value", s.Choices[0])
	case s.Kind == Choice:
		return "one of " + strings.Join(s.Choices, ", ")
	}
	return s.Form
}

// problem says what is wrong with a value of the symbol's type; "" for nothing.
func (s Symbol) problem(value any) string {
	switch v := value.(type) {
	case int:
		if v < s.Min || v > s.Max {
			return fmt.Sprintf("%d is out of range, want %s", v, s.Legal())
		}
	case string:
		if s.Kind == String && !s.accepts(v) {
			return fmt.Sprintf("%q is not legal, want %s", v, s.Form)
		}
		if s.Kind == Choice && !slices.Contains(s.Choices, v) {
			text := fmt.Sprintf("%q is not legal, want %s", v, s.Legal())
			if len(s.Choices) > 1 {
				text += didYouMean(v, s.Choices)
			}
			return text
		}
	}
	return ""
}

func isClusterName(s string) bool { return len(s) <= 30 && isLabel(s) }

func isLabel(s string) bool {
	return len(s) <= 63 && regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(s)
}

// isDomain wants 253 characters at most: DNS has no room for more.
func isDomain(s string) bool {
	for _, part := range strings.Split(s, ".") {
		if !isLabel(part) {
			return false
		}
	}
	return len(s) <= 253
}

func isSANs(s string) bool {
	if s == "" {
		return true
	}
	for _, name := range strings.Split(s, ",") {
		// Four numbers are always meant as an address, and 10.0.0.256 is none.
		addr, err := netip.ParseAddr(name)
		isIP := err == nil && addr.Zone() == ""
		looksIP := strings.Trim(name, "0123456789.") == ""
		if !isIP && (looksIP || !isDomain(name)) {
			return false
		}
	}
	return true
}

func isRegistry(s string) bool {
	if s == "" {
		return true
	}
	host, path, hasPath := strings.Cut(s, "/")
	name, port, hasPort := strings.Cut(host, ":")
	if n, err := strconv.Atoi(port); hasPort && (err != nil || n < 1 || n > 65535) {
		return false
	}
	part := regexp.MustCompile(`^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	return isDomain(name) && (!hasPath || part.MatchString(path))
}

func isPrefix(shortest, longest int) func(string) bool {
	return func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && p.Addr().Is4() && p == p.Masked() && p.String() == s &&
			p.Bits() >= shortest && p.Bits() <= longest && isUnicast(p.Addr())
	}
}

// isUnicast refuses the ranges that no machine, pod or Service can have.
func isUnicast(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && a.As4()[0] != 0 && a.As4()[0] < 240
}

// isText refuses control characters, and U+FFFD, which is what broken escapes
// decode to.
func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}
