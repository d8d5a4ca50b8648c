package addons_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addons"
)

// section is a part of a fluentd configuration: <match **> … </match>.
type section struct {
	name, argument string
	params         map[string]string
	sections       []section
}

// parse reads a configuration by fluentd's grammar: sections that are closed in
// order, and parameters. What it includes is read in its place.
func parse(t *testing.T, file string) section {
	t.Helper()
	root := section{params: map[string]string{}}
	stack := []*section{&root}
	open := regexp.MustCompile(`^<(\w+)\s*(.*?)>$`)
	for i, line := range strings.Split(read(t, file), "\n") {
		line = strings.TrimSpace(line)
		top := stack[len(stack)-1]
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@include "):
			included := parse(t, path.Join(path.Dir(file), strings.TrimPrefix(line, "@include ")))
			top.sections = append(top.sections, included.sections...)
		case strings.HasPrefix(line, "</"):
			if want := "</" + top.name + ">"; line != want || len(stack) == 1 {
				t.Fatalf("%s:%d: %s closes <%s>", file, i+1, line, top.name)
			}
			stack = stack[:len(stack)-1]
		case open.MatchString(line):
			m := open.FindStringSubmatch(line)
			top.sections = append(top.sections, section{name: m[1], argument: m[2], params: map[string]string{}})
			stack = append(stack, &top.sections[len(top.sections)-1])
		default:
			key, value, _ := strings.Cut(line, " ")
			if _, twice := top.params[key]; twice {
				t.Errorf("%s:%d: %s is set twice", file, i+1, key)
			}
			if strings.Count(value, `"`)%2 != 0 || strings.Count(value, "{") != strings.Count(value, "}") {
				t.Errorf("%s:%d: %s is not closed", file, i+1, value)
			}
			top.params[key] = strings.TrimSpace(value)
		}
	}
	if len(stack) != 1 {
		t.Fatalf("%s: <%s> is not closed", file, stack[len(stack)-1].name)
	}
	return root
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := fs.ReadFile(addons.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (s section) named(name string) []section {
	var found []section
	for _, child := range s.sections {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

func TestEveryOutputOfFluentdIsBounded(t *testing.T) {
	for _, output := range []string{"stdout", "forward", "elasticsearch", "opensearch", "s3"} {
		t.Run(output, func(t *testing.T) {
			root := parse(t, "fluentd/"+output+".conf")
			matches := root.named("match")
			if len(matches) != 1 || matches[0].argument != "**" || matches[0].params["@type"] != output {
				t.Fatalf("matches: %+v, want one of all tags into %s", matches, output)
			}
			buffers := matches[0].named("buffer")
			if len(buffers) != 1 {
				t.Fatalf("%d buffers, want one", len(buffers))
			}
			buffer := buffers[0].params
			for key, want := range map[string]string{
				"@type": "file", "path": "/var/lib/fluentd/buffer", "overflow_action": "block", "retry_forever": "true",
				"total_limit_size": `"#{ENV['LOG_BUFFER']}m"`, "chunk_limit_size": "4m",
			} {
				if buffer[key] != want {
					t.Errorf("buffer: %s is %q, want %q", key, buffer[key], want)
				}
			}
			if len(root.named("source")) != 3 || len(root.named("filter")) != 3 {
				t.Errorf("%d sources and %d filters, want inputs.conf's three of each", len(root.named("source")), len(root.named("filter")))
			}
		})
	}
}

func TestEveryPluginOfFluentdHasATypeAndWhatItReadsIsMounted(t *testing.T) {
	root := parse(t, "fluentd/inputs.conf")
	for _, s := range append(root.named("source"), root.named("filter")...) {
		if s.params["@type"] == "" || s.params["@id"] == "" {
			t.Errorf("<%s %s> lacks @type or @id", s.name, s.argument)
		}
	}
	manifest := read(t, "fluentd/daemonset.yaml")
	text := read(t, "fluentd/inputs.conf")
	for _, file := range []string{"stdout", "forward", "elasticsearch", "opensearch", "s3"} {
		text += read(t, "fluentd/"+file+".conf")
	}
	for _, m := range regexp.MustCompile(`ENV\['(\w+)'\]`).FindAllStringSubmatch(text, -1) {
		name := m[1]
		secret := strings.Contains(read(t, "fluentd/README.md"), "`"+name+"`")
		if !strings.Contains(manifest, "name: "+name) && !secret {
			t.Errorf("nobody sets %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:path|pos_file) (/var/\w+/?\w*)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(manifest, "mountPath: "+m[1]) && !strings.Contains(manifest, "mountPath: "+path.Dir(m[1])) {
			t.Errorf("%s is not mounted", m[1])
		}
	}
	if strings.Contains(manifest, "privileged: true") {
		t.Error("the container is privileged")
	}
}
