# What several scripts need of statistics.

function sort_values(values, n,   i, j, value) {
    for (i = 2; i <= n; i++) {
        value = values[i]
        for (j = i - 1; j > 0 && values[j] > value; j--) values[j + 1] = values[j]
        values[j + 1] = value
    }
}

# Sets `median`, `least` and `most` of values[1...n].
function summarise(values, n) {
    sort_values(values, n)
    median = n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
    least = values[1]
    most = values[n]
}
