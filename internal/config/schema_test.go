package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// validator compiles the schema that is in the repository.
func validator(t *testing.T) func(data []byte) error {
	t.Helper()
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(data []byte) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
}

func TestWhatIsGeneratedIsUpToDate(t *testing.T) {
	schema, err := GenerateSchema()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"schema.json": schema, "../../Kconfig.md": Reference()} {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run make generate (%v)", path, err)
		}
	}
}

func TestTheSchemaAcceptsWhatDecodeAccepts(t *testing.T) {
	validate, random := validator(t), random(t)
	accepted := 0
	for range 500 {
		c := someConfig(random)
		for _, data := range [][]byte{Write(c, "schema.json"), Minimal(c, ""), without(random, Write(c, ""))} {
			_, err := Decode(data, "c")
			if err == nil {
				accepted++
				if err := validate(data); err != nil {
					t.Fatalf("%s\nis accepted, and the schema says %v", data, err)
				}
			} else if structural(err) && validate(data) == nil {
				t.Fatalf("%s\nis accepted by the schema, and yet\n%v", data, err)
			}
		}
	}
	if accepted < 500 {
		t.Errorf("only %d configs were right", accepted)
	}
}

func TestTheSchemaRefusesMutatedConfigs(t *testing.T) {
	validate, random := validator(t), random(t)
	for range 500 {
		c := someConfig(random)
		var root map[string]any
		if err := json.Unmarshal(Write(c, ""), &root); err != nil {
			t.Fatal(err)
		}
		what := mutate(random, c, root)
		data, err := json.MarshalIndent(root, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(data, "c"); err == nil {
			t.Fatalf("%s: Decode accepts\n%s", what, data)
		}
		if validate(data) == nil {
			t.Fatalf("%s: the schema accepts\n%s", what, data)
		}
	}
}

func TestTheSchemaRefusesTheWrongFilesThatItCan(t *testing.T) {
	validate := validator(t)
	for _, name := range []string{"choices", "cloud", "invisible", "member-as-key", "name", "names-and-addresses", "null",
		"out-of-range", "types", "unknown-keys", "baremetal", "gates-and-proxies", "dotted-key"} {
		data, err := os.ReadFile(filepath.Join("testdata/wrong", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if validate(data) == nil {
			t.Errorf("%s.json is accepted", name)
		}
	}
}

func random(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// someConfig sets random fields to random values until they go together.
func someConfig(random *rand.Rand) *kconfig.Config {
	for {
		c := New()
		for _, f := range Fields() {
			if Visible(c, f) && random.IntN(2) == 0 {
				_ = Assign(c, f, someValue(random, c, f))
			}
		}
		dropInvisible(c)
		if url := Lookup("addons.git.url"); Visible(c, url) {
			_ = Assign(c, url, "https://git.example.com/a.git")
		}
		if len(Check(c)) == 0 {
			return c
		}
	}
}

func someValue(random *rand.Rand, c *kconfig.Config, f *Field) string {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	switch f.Kind {
	case Bool:
		return pick("true", "false")
	case Int:
		low, high, _, _ := c.Range(f.Symbol)
		return pick(low, high, Value(c, f))
	case Choice:
		return pick(f.values(c)...)
	}
	var legal []string
	for _, text := range []string{
		"", "a", "1", "a,c", "1,3", "x-1", "10.0.0.0/16", "10.1.0.0/16,10.2.0.0/24", "192.168.0.0/16", "172.16.0.0/12",
		"100.64.0.0/16", "A=true,B=false", "http://proxy:3128", "https://u:p@proxy", "mirror.example.com:5000/a/b_c",
		"api.example.org,fd00::1", "ä b", "a/b", "m7i.xlarge", "Standard_D2s_v5", "ssh://git@example.com/a.git", "0.0.0.0/0",
	} {
		if f.form.accepts(text) {
			legal = append(legal, text)
		}
	}
	return pick(append(legal, Value(c, f))...)
}

// without leaves out some of the keys of a config.
func without(random *rand.Rand, data []byte) []byte {
	var root map[string]any
	_ = json.Unmarshal(data, &root)
	var thin func(map[string]any)
	thin = func(group map[string]any) {
		for key, value := range group {
			if child, ok := value.(map[string]any); ok {
				thin(child)
			}
			if random.IntN(4) == 0 {
				delete(group, key)
			}
		}
	}
	thin(root)
	data, _ = json.Marshal(root)
	return data
}

// structural says whether a problem is one that a schema can find.
func structural(err error) bool {
	var problems Problems
	if !errors.As(err, &problems) {
		return false
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Text, "it applies only if") || strings.Contains(p.Text, "out of range") {
			return true
		}
	}
	return false
}

// mutate makes a right config wrong, and says how.
func mutate(random *rand.Rand, c *kconfig.Config, root map[string]any) string {
	fields := Fields()
	f := fields[random.IntN(len(fields))]
	put := func(value any) {
		group, keys := root, strings.Split(f.Path, ".")
		for _, key := range keys[:len(keys)-1] {
			child, ok := group[key].(map[string]any)
			if !ok {
				child = map[string]any{}
				group[key] = child
			}
			group = child
		}
		group[keys[len(keys)-1]] = value
	}
	if !Visible(c, f) {
		put(f.Typed(DefaultOf(c, f)))
		return f.Path + " does not apply"
	}
	switch random.IntN(6) {
	case 0:
		put(nil)
		return f.Path + " is null"
	case 1:
		put([]any{"a"})
		return f.Path + " is an array"
	case 2:
		f = &Field{Path: f.Path + "s"}
		put(1)
		return "there is no " + f.Path
	}
	switch f.Kind {
	case Bool:
		put("true")
	case Int:
		_, high, _, _ := c.Range(f.Symbol)
		put(f.Typed(high).(int) + 1)
	case Choice:
		put("none-of-them")
	default:
		put(7)
	}
	return f.Path + " is of the wrong type or range"
}
