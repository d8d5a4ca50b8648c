package terraform

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
)

// Look is a question to the command line of a cloud: which objects of a kind
// still carry the cluster's tag. The answer is their names, separated by space.
type Look struct {
	What string
	Args []string // the program first
}

// String is the command, as people would type it.
func (l Look) String() string { return strings.Join(l.Args, " ") }

// Looks are the questions that find what a cluster has left in a cloud: what
// costs money and carries its tag, whoever made it.
func Looks(cfg config.Cluster) []Look {
	cloud, _ := config.CloudOf(cfg)
	name := cfg.Cluster.Name
	switch cfg.Provision.Platform {
	case "aws":
		return awsLooks(name, cloud.Region)
	case "gce":
		return googleLooks(name, cfg.Provision.GCE.Project)
	case "azure":
		return []Look{{"resource", []string{"az", "resource", "list", "--tag", "turnup-cluster=" + name,
			"--query", "[].id", "--output", "tsv"}}}
	}
	return nil
}

// awsLooks ask for both tags: ours, and that of the cloud's controllers. The
// tagging API would answer all at once, but goes on for an hour about instances
// that are gone.
func awsLooks(name, region string) []Look {
	var looks []Look
	add := func(what, verb, query string, filters ...string) {
		for _, tag := range []string{"Name=tag:turnup.dev/cluster,Values=" + name, "Name=tag:kubernetes.io/cluster/" + name + ",Values=owned"} {
			args := append([]string{"aws", "ec2", verb, "--region", region, "--filters", tag}, filters...)
			looks = append(looks, Look{what, append(args, "--query", query, "--output", "text")})
		}
	}
	add("instance", "describe-instances", "Reservations[].Instances[].InstanceId", "Name=instance-state-name,Values=pending,running,stopping,stopped")
	add("volume", "describe-volumes", "Volumes[].VolumeId")
	add("address", "describe-addresses", "Addresses[].AllocationId")
	add("security group", "describe-security-groups", "SecurityGroups[].GroupId")
	add("network", "describe-vpcs", "Vpcs[].VpcId")
	for _, tag := range []string{"Key=turnup.dev/cluster,Values=" + name, "Key=kubernetes.io/cluster/" + name + ",Values=owned"} {
		looks = append(looks, Look{"load balancer", []string{"aws", "resourcegroupstaggingapi", "get-resources", "--region", region,
			"--resource-type-filters", "elasticloadbalancing:loadbalancer", "--tag-filters", tag,
			"--query", "ResourceTagMappingList[].ResourceARN", "--output", "text"}})
	}
	return looks
}

func googleLooks(name, project string) []Look {
	var looks []Look
	for _, kind := range [][2]string{{"instance", "instances"}, {"disk", "disks"}, {"address", "addresses"}, {"forwarding rule", "forwarding-rules"}} {
		args := []string{"gcloud", "compute", kind[1], "list", "--filter=labels.turnup-cluster=" + name, "--format=value(name)"}
		if project != "" {
			args = append(args, "--project="+project)
		}
		looks = append(looks, Look{kind[0], args})
	}
	return looks
}

// Leftovers asks the cloud's own command line what carries the cluster's tag.
// asked is false if it is not on the PATH: then nobody has looked.
func Leftovers(ctx context.Context, cfg config.Cluster) (left []string, asked bool, err error) {
	seen := map[string]bool{}
	for _, look := range Looks(cfg) {
		path, err := exec.LookPath(look.Args[0])
		if err != nil {
			return nil, false, nil //nolint:nilerr // the caller says how to look by hand
		}
		names, err := look.ask(ctx, path)
		if err != nil {
			return left, true, err
		}
		for _, name := range names {
			if one := look.What + " " + name; !seen[one] {
				seen[one] = true
				left = append(left, one)
			}
		}
	}
	return left, true, nil
}

func (l Look) ask(ctx context.Context, path string) ([]string, error) {
	cmd := exec.CommandContext(ctx, path, l.Args[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("look for what is left: %s: %w: %s", l, err, last(squeeze(stderr.String()), 300))
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		if name != "None" { // how aws writes an empty list
			names = append(names, name)
		}
	}
	return names, nil
}
