package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"turnup.dev/kubectl-turnup/internal/images"
)

// form is what the text of a String has to look like: what Kconfig cannot say.
type form struct {
	// words complete "want …".
	words   string
	accepts func(string) bool
	// pattern is a regular expression that accepts whatever accepts does, for
	// the schema; "" is none.
	pattern string
}

// Accepts says whether a text has the form that the field wants.
func (f *Field) Accepts(text string) bool { return f.form.accepts == nil || f.form.accepts(text) }

// forms are those of all fields of the kind String; a test misses none.
func forms() map[string]form {
	forms := map[string]form{
		"cluster.name": {"a DNS label of at most 30 characters (a-z and 0-9, with - inside)", isClusterName,
			`^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$`},
		// At least a /24: the addresses of all machines fit, with those of the
		// ten control planes and the 50 workers that are the most there can be.
		"provision.local.subnet":          prefixForm(16, 24, "172.30.0.0/24"),
		"provision.pools":                 {"empty, or pools like: gpu count=1 type=g5.xlarge spot; big count=2 type=m7i.xlarge", isPools, ""},
		"provision.state.bucket":          {"the name of a bucket (a-z, 0-9, - and .)", isBucket, `^[a-z0-9][-._a-z0-9]*$`},
		"provision.state.prefix":          {"a path, like teams/web", isInside, `^[^/].*$`},
		"provision.state.region":          {"the name of a region (a-z, 0-9 and -)", isLabel, `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`},
		"provision.state.storage_account": {"the name of a storage account: 3 to 24 of a-z and 0-9", isStorageAccount, `^[a-z0-9]{3,24}$`},
		"provision.state.resource_group":  {"the name of a resource group", isSize, `^[A-Za-z0-9][-._A-Za-z0-9]*$`},
		"provision.gce.project": {"empty or the id of a project (a-z, 0-9 and -)", isEmptyOr(isLabel),
			`^[-a-z0-9]*$`},
		"provision.baremetal.machines_file": {"the path of a file", isPath, `^.+$`},
		"provision.baremetal.ssh_user":      {"the name of a user, like root or core", isUser, `^[a-z_][-a-z0-9_]{0,31}$`},
		"bootstrap.registry": {"empty or a registry like mirror.example.com:5000/path, without scheme", isEmptyOr(isRegistry),
			`^([a-z0-9][-.a-z0-9]*(:[0-9]+)?(/[a-z0-9][._/a-z0-9-]*)?)?$`},
		"bootstrap.image_overrides": {"empty or COMPONENT=REFERENCE pairs, separated by commas without spaces, like coredns=registry.example.com/coredns:v1",
			func(s string) bool { return images.CheckOverrides(s) == nil }, `^([a-z0-9-]+=[^,= ]+/[^,= ]+(,[a-z0-9-]+=[^,= ]+/[^,= ]+)*)?$`},
		"bootstrap.bundle": {"empty or the path of a directory", isText, ""},
		"bootstrap.extra_sans": {"empty or IP addresses and DNS names, separated by commas without spaces", isListOf(isSAN),
			`^[^ ]*$`},
		"bootstrap.feature_gates": {"empty or NAME=true and NAME=false, separated by commas without spaces", isListOf(isGate),
			`^([A-Za-z0-9]+=(true|false)(,[A-Za-z0-9]+=(true|false))*)?$`},
		"bootstrap.proxy.http":  {"empty or a proxy like http://proxy.example.com:3128, without user and password", isEmptyOr(isProxy), `^(https?://[^@/]+)?$`},
		"bootstrap.proxy.https": {"empty or a proxy like http://proxy.example.com:3128, without user and password", isEmptyOr(isProxy), `^(https?://[^@/]+)?$`},
		"bootstrap.proxy.exceptions": {"empty or names, domains like .example.com and prefixes, separated by commas without spaces",
			isListOf(isException), `^[^ ]*$`},
		"network.pod_cidr": prefixForm(8, 24, "10.244.0.0/16"),
		// The API server refuses more than 20 bits of Services; below /28 the
		// 10th address, which is DNS, is outside.
		"network.service_cidr": prefixForm(12, 28, "10.96.0.0/16"),
		"network.domain":       {"a DNS name in lower case, like cluster.local", isDomain, `^[-.a-z0-9]{1,253}$`},
		"addons.path":          {"the path of a directory", isPath, `^.+$`},
		"addons.logs.host":     {"a DNS name or an IP address", isSAN, `^[^ ]+$`},
		"addons.logs.bucket":   {"the name of a bucket (a-z, 0-9, - and .)", isBucket, `^[a-z0-9][-._a-z0-9]*$`},
		"addons.logs.region":   {"the name of a region (a-z, 0-9 and -)", isLabel, `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`},
		"addons.logs.endpoint": {"empty or a URL like https://minio.example.com:9000", isEmptyOr(isURL("http", "https")), `^(https?://.+)?$`},
		"addons.git.url": {"the URL of a repository, like https://git.example.com/demo.git", isURL("https", "http", "ssh"),
			`^(https?|ssh)://.+$`},
		"addons.git.branch": {"the name of a branch, like main", isBranch, `^[^ ~^:?*\[\\]+$`},
		"addons.git.tag":    {"empty or the name of a tag, like v1.2.0", isEmptyOr(isBranch), `^[^ ~^:?*\[\\]*$`},
		"addons.git.commit": {"empty or the full name of a commit: 40 digits from 0 to f", isEmptyOr(isCommit),
			`^([0-9a-f]{40})?$`},
		"addons.git.proxy": {"empty or a URL like http://proxy.example.com:3128 or socks5://proxy.example.com:1080",
			isEmptyOr(isURL("http", "https", "socks5")), `^((https?|socks5)://.+)?$`},
		"addons.git.path": {"a path in the repository, like addons, without .. in it", isInside, `^[^/].*$`},
	}
	for _, file := range []string{"token_file", "ca_file", "identity_file", "known_hosts_file"} {
		forms["addons.git."+file] = form{"empty or the path of a file", isText, ""}
	}
	forms["addons.git.signers_file"] = form{"the path of a file", isPath, `^.+$`}
	zone := map[string]form{
		"gce":   {"letters of zones, separated by commas, like b,c,d", isListOfSome(isZone('a', 'z')), `^[a-z](,[a-z])*$`},
		"aws":   {"letters of zones, separated by commas, like a,b,c", isListOfSome(isZone('a', 'z')), `^[a-z](,[a-z])*$`},
		"azure": {"numbers of zones, separated by commas, like 1,2,3", isListOfSome(isZone('1', '9')), `^[1-9](,[1-9])*$`},
	}
	for _, cloud := range []string{"gce", "aws", "azure"} {
		at := "provision." + cloud + "."
		forms[at+"region"] = form{"the name of a region (a-z, 0-9 and -)", isLabel, `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`}
		forms[at+"zones"] = zone[cloud]
		forms[at+"control_plane_type"] = form{"the name of a size of machines", isSize, `^[A-Za-z0-9][-._A-Za-z0-9]*$`}
		forms[at+"worker_type"] = forms[at+"control_plane_type"]
		forms[at+"subnet"] = prefixForm(16, 24, "10.0.0.0/16")
		forms[at+"api_cidrs"] = form{"empty or IPv4 prefixes without host bits, separated by commas without spaces",
			isListOf(isCIDR), `^([0-9.]+/[0-9]+(,[0-9.]+/[0-9]+)*)?$`}
		forms[at+"ssh_cidrs"] = forms[at+"api_cidrs"]
	}
	return forms
}

func prefixForm(shortest, longest int, example string) form {
	words := "an IPv4 prefix from /" + strconv.Itoa(shortest) + " to /" + strconv.Itoa(longest) +
		" without host bits, like " + example
	return form{words, isPrefix(shortest, longest), `^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$`}
}

func isEmptyOr(accepts func(string) bool) func(string) bool {
	return func(s string) bool { return s == "" || accepts(s) }
}

func isListOfSome(accepts func(string) bool) func(string) bool {
	return func(s string) bool {
		for part := range strings.SplitSeq(s, ",") {
			if !accepts(part) {
				return false
			}
		}
		return true
	}
}

func isListOf(accepts func(string) bool) func(string) bool { return isEmptyOr(isListOfSome(accepts)) }

func isClusterName(s string) bool { return len(s) <= 30 && isLabel(s) }

func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' && strings.Trim(s, lower+digits+"-") == ""
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// only says whether a text is not empty and of these characters.
func only(s, characters string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(characters, r) })
}

// isDomain wants 253 characters at most: DNS has no room for more.
func isDomain(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !isLabel(part) {
			return false
		}
	}
	return len(s) <= 253
}

func isSAN(name string) bool {
	// Four numbers are always meant as an address, and 10.0.0.256 is none.
	addr, err := netip.ParseAddr(name)
	isIP := err == nil && addr.Zone() == ""
	return isIP || isDomain(name) && !only(name, digits+".")
}

func isException(s string) bool {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix == prefix.Masked()
	}
	return isSAN(strings.TrimPrefix(s, "."))
}

func isGate(s string) bool {
	name, value, _ := strings.Cut(s, "=")
	return only(name, lower+upper+digits) && (value == "true" || value == "false")
}

func isRegistry(s string) bool {
	host, path, hasPath := strings.Cut(s, "/")
	name, port, hasPort := strings.Cut(host, ":")
	if n, err := strconv.Atoi(port); hasPort && (err != nil || n < 1 || n > 65535 || !only(port, digits)) {
		return false
	}
	if !isDomain(name) {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if hasPath && !isRepository(part) {
			return false
		}
	}
	return true
}

// isRepository accepts words of letters and digits, joined by . _ or -.
func isRepository(s string) bool {
	return only(s, lower+digits+"._-") && !strings.ContainsAny(s[:1]+s[len(s)-1:], "._-")
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

// isCIDR accepts what a firewall takes, 0.0.0.0/0 too.
func isCIDR(s string) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Addr().Is4() && p == p.Masked() && p.String() == s
}

func isURL(schemes ...string) func(string) bool {
	return func(s string) bool {
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" || !isText(s) || strings.ContainsAny(s, " \"'\\") {
			return false
		}
		for _, scheme := range schemes {
			if strings.HasPrefix(s, scheme+"://") {
				return true
			}
		}
		return false
	}
}

// isProxy is for machines, in whose user-data and units everybody reads: no password.
func isProxy(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isURL("http", "https")(s) && s == u.Scheme+"://"+u.Host && !strings.Contains(u.Host, "%")
}

func isZone(first, last byte) func(string) bool {
	return func(s string) bool { return len(s) == 1 && first <= s[0] && s[0] <= last }
}

func isSize(s string) bool {
	return only(s, lower+upper+digits+"._-") && only(s[:1], lower+upper+digits)
}

func isBucket(s string) bool { return only(s, lower+digits+"-._") && only(s[:1], lower+digits) }

func isStorageAccount(s string) bool {
	return len(s) >= 3 && len(s) <= 24 && only(s, lower+digits)
}

func isPools(s string) bool {
	_, err := ParsePools(s)
	return err == nil
}

func isUser(s string) bool {
	return len(s) <= 32 && only(s, lower+digits+"_-") && only(s[:1], lower+"_")
}

// isCommit accepts the full name of a commit: a short one may come to mean another.
func isCommit(s string) bool { return len(s) == 40 && only(s, digits+"abcdef") }

// isBranch follows git check-ref-format as far as people meet it.
func isBranch(s string) bool {
	return s != "" && isText(s) && !strings.ContainsAny(s, " ~^:?*[\\") && !strings.Contains(s, "..") &&
		!strings.ContainsAny(s[:1], "-/.") && !strings.HasSuffix(s, "/") && !strings.HasSuffix(s, ".lock")
}

func isInside(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part == ".." {
			return false
		}
	}
	return isText(s)
}

func isPath(s string) bool { return s != "" && isText(s) }

// isText refuses control characters, and U+FFFD, which is what broken escapes
// decode to.
func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}
