package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one of the kinds that addons are made of. Each object carries one
// value, in a place that is typical of its kind; whoever can read it there knows
// which revision of the object is in the cluster.
type kind struct {
	name string
	gvr  schema.GroupVersionResource
	// body is everything but the metadata, with a value in it.
	body func(value string) map[string]any
	// read finds the value in an object of the cluster.
	read func(o map[string]any) string
}

func (k kind) apiVersion() string { return k.gvr.GroupVersion().String() }

// patch is a merge patch that sets another value, as a person in a hurry would.
func (k kind) patch(value string) []byte {
	data, err := json.Marshal(k.body(value))
	if err != nil {
		panic(err) // The bodies below are plain maps.
	}
	return data
}

// kinds are the eight that the reference measured.
func kinds() []kind {
	core := schema.GroupVersion{Version: "v1"}
	rbac := schema.GroupVersion{Group: "rbac.authorization.k8s.io", Version: "v1"}
	return []kind{
		{"ConfigMap", core.WithResource("configmaps"), configMap, at("data", "value")},
		{"Secret", core.WithResource("secrets"), secret, readSecret},
		{"ServiceAccount", core.WithResource("serviceaccounts"), serviceAccount, at("metadata", "annotations", "value")},
		{"Role", rbac.WithResource("roles"), role, at("rules", "0", "resourceNames", "0")},
		{"RoleBinding", rbac.WithResource("rolebindings"), roleBinding, at("subjects", "0", "name")},
		{"Service", core.WithResource("services"), service, at("spec", "selector", "value")},
		{
			"Deployment", schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
			deployment, at("spec", "template", "metadata", "annotations", "value"),
		},
		{
			"Widget", schema.GroupVersionResource{Group: "bench.turnup.dev", Version: "v1", Resource: "widgets"},
			widget, at("spec", "value"),
		},
	}
}

type m = map[string]any

func configMap(value string) m {
	return m{"data": m{"value": value, "text": strings.Repeat("A line of some configuration.\n", 20)}}
}

func secret(value string) m {
	return m{"type": "Opaque", "data": m{"value": base64.StdEncoding.EncodeToString([]byte(value))}}
}

func readSecret(o map[string]any) string {
	data, err := base64.StdEncoding.DecodeString(at("data", "value")(o))
	if err != nil {
		return ""
	}
	return string(data)
}

func serviceAccount(value string) m {
	return m{"metadata": m{"annotations": m{"value": value}}, "automountServiceAccountToken": false}
}

func role(value string) m {
	return m{"rules": []any{m{
		"apiGroups": []any{""}, "resources": []any{"configmaps"}, "verbs": []any{"get"}, "resourceNames": []any{value},
	}}}
}

func roleBinding(value string) m {
	return m{
		"roleRef":  m{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "nobody"},
		"subjects": []any{m{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": value}},
	}
}

func service(value string) m {
	return m{"spec": m{
		"selector": m{"value": value},
		"ports":    []any{m{"name": "http", "port": int64(80), "protocol": "TCP", "targetPort": int64(8080)}},
	}}
}

func deployment(value string) m {
	labels := m{"app": "bench"}
	return m{"spec": m{
		// No nodes, no pods: the benchmark plays the Deployment controller.
		"replicas": int64(0), "selector": m{"matchLabels": labels},
		"template": m{
			"metadata": m{"labels": labels, "annotations": m{"value": value}},
			"spec": m{"containers": []any{m{
				"name": "main", "image": "registry.invalid/app:v1", "args": []any{"--serve"},
				"ports":     []any{m{"name": "http", "containerPort": int64(8080), "protocol": "TCP"}},
				"resources": m{"requests": m{"cpu": "10m", "memory": "16Mi"}},
			}}},
		},
	}}
}

func widget(value string) m {
	return m{"spec": m{"value": value, "size": int64(3)}}
}

// at reads a string at a path; a number in it is an index.
func at(path ...string) func(map[string]any) string {
	return func(o map[string]any) string {
		var here any = o
		for _, step := range path {
			switch v := here.(type) {
			case map[string]any:
				here = v[step]
			case []any:
				if len(v) == 0 {
					return ""
				}
				here = v[0]
			default:
				return ""
			}
		}
		text, _ := here.(string)
		return text
	}
}

// crd defines the kind of the custom resources.
func crd() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: m{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": m{"name": "widgets.bench.turnup.dev"},
		"spec": m{
			"group": "bench.turnup.dev", "scope": "Namespaced",
			"names": m{"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"},
			"versions": []any{m{
				"name": "v1", "served": true, "storage": true,
				"schema": m{"openAPIV3Schema": m{"type": "object", "properties": m{"spec": m{
					"type": "object", "properties": m{
						"value": m{"type": "string"}, "size": m{"type": "integer"},
						// A default that no manifest has, as most definitions have some.
						"mode": m{"type": "string", "default": "auto"},
					},
				}}}},
			}},
		},
	}}
}

func deployments() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
}
