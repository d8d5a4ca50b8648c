package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SourceName is the name of the one AddonSource that counts.
const SourceName = "addons"

// AddonSource is where the addon tree comes from.
type AddonSource struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              SourceSpec   `json:"spec,omitempty"`
	Status            SourceStatus `json:"status,omitempty"`
}

// The types of a source.
const (
	// Push: `kubectl turnup addons push` ships revisions.
	Push = "push"
	// Git: the manager polls a repository, and keeps what it found in the cluster.
	Git = "git"
)

// SourceSpec says where the tree comes from, and how much of the cluster one revision may take away.
type SourceSpec struct {
	// Type is push or git.
	Type string `json:"type,omitempty"`
	// Suspend: the revision in force stays, and goes on being enforced.
	Suspend bool `json:"suspend,omitempty"`
	// PruneBudget is the percentage of all owned objects that one revision may
	// delete without an approval; nil is 30. Ten objects are always within it.
	PruneBudget *int     `json:"pruneBudget,omitempty"`
	Git         *GitSpec `json:"git,omitempty"`
}

// GitSpec names a repository, a place in its history and a directory.
type GitSpec struct {
	// URL is https://, http://, ssh:// or git@host:path.
	URL string `json:"url"`
	// Branch, Tag and Commit exclude each other; without any, the remote's HEAD is followed.
	Branch string `json:"branch,omitempty"`
	Tag    string `json:"tag,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Path is the tree's directory in the repository; "" is its root.
	Path string `json:"path,omitempty"`
	// Interval is the time between two looks at the remote; "" is 15s.
	Interval string `json:"interval,omitempty"`
	// Secret names a Secret in turnup-system with any of the keys token; username, password; ca.crt;
	// identity, known_hosts; signers (OpenPGP keys, or SSH allowed signers).
	Secret string `json:"secret,omitempty"`
	// Proxy is the URL of an HTTP or SOCKS5 proxy.
	Proxy string `json:"proxy,omitempty"`
	// Verify: only commits signed by one of the Secret's signers are followed.
	Verify bool `json:"verify,omitempty"`
}

// SourceStatus is written when it changes, never on a schedule.
type SourceStatus struct {
	// Revision is the one in force.
	Revision string `json:"revision,omitempty"`
	Author   string `json:"author,omitempty"`
	Message  string `json:"message,omitempty"`
	// Conditions are Fetched and Usable.
	Conditions []Condition `json:"conditions,omitempty"`
	// History is what was in force, the newest first, at most 10.
	History []Revision `json:"history,omitempty"`
}

// Revision is one state of the tree.
type Revision struct {
	Revision string      `json:"revision"`
	Author   string      `json:"author,omitempty"`
	Message  string      `json:"message,omitempty"`
	Time     metav1.Time `json:"time"`
}

// The conditions of an AddonSource.
const (
	// Fetched: the newest revision could be read, and is one to follow.
	Fetched = "Fetched"
	// Usable: the revision's addons could be told apart: it is not empty, and its names are names.
	Usable = "Usable"
)
