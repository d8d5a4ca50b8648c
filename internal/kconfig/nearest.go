package kconfig

import "slices"

// nearestKeyword is the keyword that is at most two typing errors away.
func nearestKeyword(word string) string {
	keywords := []string{
		"choice", "comment", "config", "endchoice", "endif", "endmenu", "if", "mainmenu",
		"menu", "menuconfig", "orsource", "osource", "rsource", "source",
	}
	for keyword, a := range attributes {
		if a.unsupported == "" {
			keywords = append(keywords, keyword)
		}
	}
	slices.Sort(keywords)
	best, distance := "", min(3, len(word))
	for _, keyword := range keywords {
		if d := edits(word, keyword); d < distance {
			best, distance = keyword, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two words; long ones are far apart.
func edits(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
