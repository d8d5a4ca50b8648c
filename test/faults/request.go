package faults

import (
	"net/http"
	"strings"
)

// Request is one request to the API server, as its own audit log would name it.
type Request struct {
	// Verb is get, list, watch, create, update, patch, delete or deletecollection.
	Verb string
	// Resource is the plural with its group, as in "configmaps" and "deployments.apps"; "" for
	// discovery and health.
	Resource  string
	Namespace string
	Name      string
	// Sub is the subresource.
	Sub    string
	DryRun bool
	// Agent is the User-Agent.
	Agent string
	Path  string
}

// Write tells whether the request changes something.
func (r Request) Write() bool {
	switch r.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return !r.DryRun
	}
	return false
}

// Key is verb and resource: "patch configmaps".
func (r Request) Key() string { return r.Verb + " " + r.Resource }

func describe(request *http.Request) Request {
	query := request.URL.Query()
	r := Request{Agent: request.UserAgent(), Path: request.URL.Path, DryRun: query.Get("dryRun") != ""}
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	group := ""
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		group, parts = "."+parts[1], parts[3:]
	default:
		r.Verb = strings.ToLower(request.Method)
		return r
	}
	// A namespace itself has a path of its own form.
	if parts[0] == "namespaces" && len(parts) >= 3 && parts[2] != "status" && parts[2] != "finalize" {
		r.Namespace, parts = parts[1], parts[2:]
	}
	r.Resource = parts[0] + group
	if len(parts) > 1 {
		r.Name = parts[1]
	}
	if len(parts) > 2 {
		r.Sub = parts[2]
	}
	r.Verb = verb(request.Method, r.Name, query.Get("watch"))
	return r
}

func verb(method, name, watch string) string {
	switch {
	case method == http.MethodGet && (watch == "true" || watch == "1"):
		return "watch"
	case method == http.MethodGet && name == "":
		return "list"
	case method == http.MethodPost:
		return "create"
	case method == http.MethodPut:
		return "update"
	case method == http.MethodDelete && name == "":
		return "deletecollection"
	}
	return strings.ToLower(method)
}
