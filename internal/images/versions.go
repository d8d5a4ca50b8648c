package images

import (
	"fmt"
	"strconv"
	"strings"
)

// releases are the minor releases of Kubernetes that a cluster may have, the newest
// first, each pinned to a patch release.
var releases = []string{"v1.37.1", "v1.36.3", "v1.35.4", "v1.34.4"}

// Minors are the supported minor releases of Kubernetes, the newest first.
func Minors() []string {
	var list []string
	for _, version := range releases {
		list = append(list, minorOf(version))
	}
	return list
}

// Newest is the minor release that a cluster has by default.
func Newest() string { return minorOf(releases[0]) }

// Oldest is the last one that is supported.
func Oldest() string { return minorOf(releases[len(releases)-1]) }

// KubernetesVersion returns the pinned patch release of a minor ("1.37" → "v1.37.1"),
// or "" for a minor this release does not support.
func KubernetesVersion(minor string) string {
	for _, version := range releases {
		if minorOf(version) == minor {
			return version
		}
	}
	return ""
}

// minorOf is "1.37" for "v1.37.1".
func minorOf(version string) string {
	version = strings.TrimPrefix(version, "v")
	return version[:strings.LastIndex(version, ".")]
}

// Cloud controllers are made for one minor of Kubernetes, and may be older than the
// API server, but not newer. By minor, the newest there was; a minor that is not
// here takes the newest of those before it.
// https://kubernetes.io/releases/version-skew-policy/
var (
	awsControllers   = map[string]string{"1.34": "v1.34.3", "1.35": "v1.35.2", "1.36": "v1.36.1"}
	gceControllers   = map[string]string{"1.34": "v32.2.5", "1.35": "v35.0.0"}
	azureControllers = map[string]string{"1.34": "v1.34.9", "1.35": "v1.35.4", "1.36": "v1.36.0"}
)

// byMinor is the version for a minor, or for the last one before it.
func byMinor(minor string, versions map[string]string) string {
	best := ""
	for of := range versions {
		if number(of) <= number(minor) && (best == "" || number(of) > number(best)) {
			best = of
		}
	}
	return versions[best]
}

// claims is the oldest minor of Kubernetes that the makers of a component say it
// works with; none names a newest one. What has the version of Kubernetes itself
// is not among them.
var claims = map[Component]struct{ since, source string }{
	Flannel:       {"1.17", "flannel's README.md"},
	CoreDNS:       {"1.21", "the first with discovery.k8s.io/v1, which CoreDNS's plugin kubernetes reads"},
	MetricsServer: {"1.34", "metrics-server's README.md, compatibility matrix"},
	LocalPath:     {"1.12", "local-path-provisioner's README.md"},
	Etcd:          {"1.34", "kubeadm of 1.34 brings etcd 3.6, and 3.7 has the same v3 API"},
}

// Table is what a cluster of each minor consists of, in Markdown, and since which
// minor each part is made for.
func Table() string {
	var out strings.Builder
	cell := func(text string) { fmt.Fprintf(&out, " %s |", text) }
	out.WriteString("| |")
	for _, minor := range Minors() {
		cell(minor)
	}
	cell("made for")
	out.WriteString("\n|---|" + strings.Repeat("---|", len(releases)+1) + "\n")
	for _, c := range []Component{KubeAPIServer, Kubelet, KubeProxy, Etcd, Flannel, CoreDNS, MetricsServer, LocalPath, AWSCloudController, GCECloudController, AzureCloudController} {
		out.WriteString("| " + string(c) + " |")
		for _, minor := range Minors() {
			cell(tagOf(For(minor, "").Ref(c)))
		}
		cell(madeFor(c))
		out.WriteString("\n")
	}
	return out.String()
}

// madeFor says with which minors a component works.
func madeFor(c Component) string {
	switch c {
	case AWSCloudController, GCECloudController, AzureCloudController:
		return "its own minor, or the newest before it"
	}
	if claim, ok := claims[c]; ok {
		return "since " + claim.since
	}
	return "its own minor"
}

// tagOf is what follows the last colon of a reference.
func tagOf(ref string) string { return ref[strings.LastIndex(ref, ":")+1:] }

// number is the second part of a minor release: 37 of "1.37".
func number(minor string) int {
	_, second, _ := strings.Cut(minor, ".")
	n, _ := strconv.Atoi(second)
	return n
}
