/* Counts the patients of each class of body mass index: count PATIENTS.csv COUNTS.json COLUMN */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *NAMES[] = {"underweight", "normal", "overweight", "obese"};
static const double LIMITS[] = {18.5, 25, 30};

static int place_of(char *header, const char *wanted) {
    int place = 0;
    for (char *name = strtok(header, ",\r\n"); name; name = strtok(NULL, ",\r\n"), place++)
        if (strcmp(name, wanted) == 0)
            return place;
    return -1;
}

static const char *field(const char *row, int place) {
    while (place-- > 0 && row)
        row = (row = strchr(row, ',')) ? row + 1 : NULL;
    return row;
}

int main(int count, char **words) {
    FILE *table = count == 4 ? fopen(words[1], "r") : NULL;
    FILE *counts = count == 4 ? fopen(words[2], "w") : NULL;
    char row[4096];
    long found[4] = {0};
    if (!table || !counts || !fgets(row, sizeof row, table)) {
        perror("count PATIENTS.csv COUNTS.json COLUMN");
        return 2;
    }
    int place = place_of(row, words[3]);
    if (place < 0) {
        fprintf(stderr, "%s has no column %s\n", words[1], words[3]);
        return 1;
    }
    while (fgets(row, sizeof row, table)) {
        const char *text = field(row, place);
        double value = text ? atof(text) : 0;
        found[(value >= LIMITS[0]) + (value >= LIMITS[1]) + (value >= LIMITS[2])]++;
    }
    for (int class = 0; class < 4; class++)
        fprintf(counts, "%s\"%s\": %ld", class ? ", " : "{", NAMES[class], found[class]);
    fprintf(counts, "}\n");
    return fclose(counts) ? 1 : 0;
}
