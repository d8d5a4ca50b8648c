package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pool is a group of equal workers that a cloud makes, repairs and counts.
type Pool struct {
	// Name is a DNS label of at most 15 characters, unique in the cluster. Nodes
	// are named after the cluster, the pool and a suffix.
	Name  string
	Count int
	// Type is the cloud's name of the machines' size.
	Type string
	// Disk is the size of the root disk in GB.
	Disk int
	// Spot machines are cheaper, and the cloud may take them away.
	Spot   bool
	Labels map[string]string
	// Taints are key=value:Effect.
	Taints []string
}

// DefaultPool is the name of the pool that provision.workers counts.
const DefaultPool = "worker"

// WorkerPools are all pools of a cluster on a cloud: the default one first, then
// those of provision.pools, which take its disk size where they name none.
func WorkerPools(c Cluster) ([]Pool, error) {
	cloud, ok := CloudOf(c)
	if !ok {
		return nil, nil
	}
	further, err := ParsePools(c.Provision.Pools)
	if err != nil {
		return nil, fmt.Errorf("provision.pools: %w", err)
	}
	pools := []Pool{{Name: DefaultPool, Count: c.Provision.Workers, Type: cloud.WorkerType, Disk: cloud.WorkerDisk}}
	for _, pool := range further {
		if pool.Disk == 0 {
			pool.Disk = cloud.WorkerDisk
		}
		pools = append(pools, pool)
	}
	return pools, nil
}

// CloudOf returns the settings of the cloud that the cluster is on; false for
// local and baremetal.
func CloudOf(c Cluster) (Cloud, bool) {
	switch c.Provision.Platform {
	case "aws":
		return c.Provision.AWS, true
	case "azure":
		return c.Provision.Azure, true
	case "gce":
		return c.Provision.GCE.Cloud, true
	}
	return Cloud{}, false
}

// What Kubernetes takes as the name, the value and the effect of a label or taint.
var (
	poolName   = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$`)
	labelKey   = regexp.MustCompile(`^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$`)
	effects    = []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}
)

// ParsePools reads provision.pools: pools separated by semicolons, each a name
// and then, separated by spaces, count=N type=TYPE [disk=GB] [spot]
// [labels=K=V,K=V] [taints=K=V:EFFECT,K=V:EFFECT]. An empty text has no pools.
func ParsePools(text string) ([]Pool, error) {
	var pools []Pool
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		pool, err := parsePool(words)
		if err != nil {
			return nil, err
		}
		if pool.Name == DefaultPool || slices.ContainsFunc(pools, func(p Pool) bool { return p.Name == pool.Name }) {
			return nil, fmt.Errorf("two pools are named %s", pool.Name)
		}
		pools = append(pools, pool)
	}
	return pools, nil
}

func parsePool(words []string) (Pool, error) {
	pool := Pool{Name: words[0], Count: -1, Labels: map[string]string{}}
	if !poolName.MatchString(pool.Name) {
		return pool, fmt.Errorf("%q is no name of a pool (a-z, 0-9 and -, at most 15)", pool.Name)
	}
	for _, word := range words[1:] {
		if err := pool.set(word); err != nil {
			return pool, fmt.Errorf("pool %s: %w", pool.Name, err)
		}
	}
	switch {
	case pool.Count < 0:
		return pool, fmt.Errorf("pool %s: count=N is missing", pool.Name)
	case pool.Type == "":
		return pool, fmt.Errorf("pool %s: type=TYPE is missing", pool.Name)
	}
	return pool, nil
}

func (p *Pool) set(word string) (err error) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "count":
		p.Count, err = number(value, 0, 1000)
	case "disk":
		p.Disk, err = number(value, 20, 16384)
	case "type":
		if p.Type = value; value == "" || !isSize(value) {
			return fmt.Errorf("%q is no type of machines", value)
		}
	case "spot":
		if p.Spot = true; word != "spot" {
			return errors.New("spot takes no value")
		}
	case "labels":
		for pair := range strings.SplitSeq(value, ",") {
			key, text, ok := strings.Cut(pair, "=")
			if !ok || !labelKey.MatchString(key) || !labelValue.MatchString(text) {
				return fmt.Errorf("%q is no label K=V", pair)
			}
			p.Labels[key] = text
		}
	case "taints":
		for taint := range strings.SplitSeq(value, ",") {
			pair, effect, _ := strings.Cut(taint, ":")
			key, text, _ := strings.Cut(pair, "=")
			if !labelKey.MatchString(key) || !labelValue.MatchString(text) || !slices.Contains(effects, effect) {
				return fmt.Errorf("%q is no taint K=V:EFFECT", taint)
			}
			p.Taints = append(p.Taints, taint)
		}
	default:
		return fmt.Errorf("%q is none of count=, type=, disk=, spot, labels=, taints=", word)
	}
	return err
}

func number(text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is no number from %d to %d", text, least, most)
	}
	return n, nil
}
