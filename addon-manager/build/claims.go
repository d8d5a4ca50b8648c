package build

import (
	"fmt"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Claims lists what only one object of the cluster can have, of those that an
// object has or asks for.
func Claims(content map[string]any) []string {
	var list []string
	if content["kind"] == "Service" && content["apiVersion"] == "v1" {
		list = service(content)
	}
	for _, fields := range [][]string{{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
		list = append(list, ports(mapping(content, fields...))...)
	}
	// A claim is "" where there is none.
	list = slices.DeleteFunc(list, func(claim string) bool { return claim == "" })
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func service(content map[string]any) []string {
	var list []string
	spec := mapping(content, "spec")
	addresses, _ := spec["clusterIPs"].([]any)
	for _, address := range append(slices.Clone(addresses), spec["clusterIP"]) {
		// "None" and "" are no addresses, and any number of Services can have them.
		if text, ok := address.(string); ok {
			if ip, err := netip.ParseAddr(text); err == nil {
				list = append(list, "clusterIP "+ip.String())
			}
		}
	}
	for _, port := range mappings(spec, "ports") {
		if number := port["nodePort"]; number != nil {
			list = append(list, claim("nodePort", port["protocol"], number))
		}
	}
	if number := spec["healthCheckNodePort"]; number != nil {
		list = append(list, claim("nodePort", nil, number))
	}
	return list
}

// ports are those that a pod takes of its node.
func ports(pod map[string]any) []string {
	var list []string
	for _, container := range slices.Concat(mappings(pod, "containers"), mappings(pod, "initContainers")) {
		for _, port := range mappings(container, "ports") {
			number := port["hostPort"]
			if number == nil && pod["hostNetwork"] == true {
				number = port["containerPort"]
			}
			if number != nil {
				list = append(list, claim("hostPort", port["protocol"], number))
			}
		}
	}
	return list
}

// claim is "" for what is no port: 0 asks for any.
func claim(what string, protocol, number any) string {
	port, ok := number.(int64)
	if !ok || port == 0 {
		return ""
	}
	name, ok := protocol.(string)
	if !ok || name == "" {
		name = "TCP"
	}
	return fmt.Sprintf("%s %s %d", what, name, port)
}

// mapping returns a map within maps, or nil.
func mapping(content map[string]any, fields ...string) map[string]any {
	inner, _, err := unstructured.NestedFieldNoCopy(content, fields...)
	if err != nil {
		return nil
	}
	found, _ := inner.(map[string]any)
	return found
}

// mappings returns the maps of a list.
func mappings(content map[string]any, field string) []map[string]any {
	list, _ := content[field].([]any)
	var found []map[string]any
	for _, item := range list {
		if fields, ok := item.(map[string]any); ok {
			found = append(found, fields)
		}
	}
	return found
}
