# Counts the patients of each class of body mass index, and says what it was that counted: count.pl PATIENTS COUNTS COLUMN
use strict;
use warnings;

my ($table, $counts, $column) = @ARGV;
my @names = ("underweight", "normal", "overweight", "obese");
my @limits = (18.5, 25, 30);

open my $rows, "<", $table or die "$table: $!";
chomp(my $header = <$rows>);
my @columns = split /,/, $header;
my ($place) = grep { $columns[$_] eq $column } 0 .. $#columns;
die "$table has no column $column\n" unless defined $place;
my %found = map { $_ => 0 } @names;
while (my $row = <$rows>) {
    chomp $row;
    my $value = (split /,/, $row)[$place];
    $found{$names[grep { $value >= $_ } @limits]}++;
}

open my $release, "<", "/etc/os-release" or die "/etc/os-release: $!";
my ($debian) = map { /^VERSION_CODENAME=(\w+)/ ? $1 : () } <$release>;
opendir my $interfaces, "/sys/class/net" or die "/sys/class/net: $!";
my $networks = grep { !/^\.|^lo$/ } readdir $interfaces;

open my $out, ">", $counts or die "$counts: $!";
my $classes = join ", ", map { qq("$_": $found{$_}) } @names;
printf $out qq({"counts": {%s}, "debian": "%s", "perl": "%vd", "networks": %d}\n), $classes, $debian, $^V, $networks;
close $out or die "$counts: $!";
print "counted by Perl $^V on $debian\n";
