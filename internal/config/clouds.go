package config

import (
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// cloudRules refuses what one of the clouds does not take, and its Terraform
// module would find out later.
func cloudRules(c *kconfig.Config, wrong map[string]bool) Problems {
	platform := Value(c, Lookup("provision.platform"))
	// value is "" where it is of no interest, since it is wrong anyway.
	value := func(path string) string {
		if wrong[path] {
			return ""
		}
		return Value(c, Lookup(path))
	}
	var problems Problems
	refuse := func(is bool, path, format string, args ...any) {
		if is {
			problems = append(problems, Lookup(path).report(fmt.Sprintf(format, args...)))
		}
	}
	switch name := value("cluster.name"); platform {
	case "aws":
		refuse(strings.HasPrefix(name, "internal-"), "cluster.name",
			"%q begins with internal-, and names of load balancers on AWS do not", name)
		zones := value("provision.aws.zones")
		refuse(strings.Count(zones, ",") > 2, "provision.aws.zones",
			"%s are more than three zones; the machines' network is divided among three", zones)
	case "gce":
		// RFC 1035.
		refuse(name != "" && !strings.Contains(lower, name[:1]), "cluster.name",
			"%q begins with a digit, and names on Google Compute Engine begin with a letter", name)
		refuse(value("provision.gce.image") == "flatcar" && value("provision.gce.arch") == "arm64", "provision.gce.image",
			"Flatcar has no images for arm64 on Google Cloud; take ubuntu or debian, or amd64 for provision.gce.arch")
	}
	return problems
}
